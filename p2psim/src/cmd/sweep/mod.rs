//! `run --vary` and `run --seeds`: many runs of one scenario, several at a time, into one table and one plot.
//!
//! | module | holds |
//! |---|---|
//! | `plan` | which runs there are: each a text and a seed, read before the first begins |
//! | `crew` | the threads that run them |
//! | `sum` | what they come to: means, medians, confidence intervals |
//! | `show` | the table, as text, CSV and JSON, and the plot |
//!
//! Told to stop, what is done is kept.

mod crew;
mod plan;
mod show;
mod sum;

use super::{bring, print, run, source};
use crate::args::{AdapterName, Run};
use crate::failure::{Code, Failure};
use ::node::Services;
use plan::Plan;
use show::Sweep;
use std::path::Path;

pub(super) fn sweep(args: &Run, path: &Path, services: &Services) -> Result<Code, Failure> {
    let plan = Plan::new(args, path, &source::text(path)?, services)?;
    for point in &plan.points {
        if bring::for_scenario(args.adapter, &point.scenario) != AdapterName::Sim {
            let what =
                "many runs at a time need simulated time, and these nodes would be processes in real time";
            return Err(Failure::new(Code::Usage, what).remedy("run it once, without --vary and --seeds"));
        }
    }
    if let Some(out) = &args.out {
        run::create_directory(out)?;
    }
    let done = crew::run(&plan, args, services)?;
    let sweep = Sweep::new(&plan, &done, &args.quantity)?;
    if let Some(out) = &args.out {
        run::write(&out.join("sweep.json"), &sweep.to_json())?;
        run::write(&out.join("sweep.csv"), &sweep.to_csv())?;
        if let Some(plot) = sweep.to_svg() {
            run::write(&out.join("sweep.svg"), &plot)?;
        }
    }
    print(&if args.json { sweep.to_json() } else { sweep.to_text() })?;
    if let Some(failed) = done.runs.iter().find(|run| !run.passed || !run.verified) {
        let what =
            if failed.passed { "to see where two runs of it differ" } else { "to see one that failed" };
        let verify = if failed.passed { " --verify" } else { "" };
        eprintln!("{what}: {}{verify}", plan.again(path, args, failed));
    }
    Ok(match () {
        () if done.interrupted => {
            eprintln!("p2psim: interrupted after {} of {} runs", done.runs.len(), plan.runs.len());
            Code::Interrupted
        }
        () if done.runs.iter().all(|run| run.passed && run.verified) => Code::Done,
        () => Code::Failed,
    })
}
