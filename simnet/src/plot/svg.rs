//! The drawing: one plot as SVG text.

use super::scale::Scale;
use super::{Axis, Curve, Kind, Mark, Plot};
use crate::markup::escape;
use std::fmt::Write;

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 270.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 14.0;
/// Above the curves: rows of labels of marks, where there are marks.
const TOP: f64 = 10.0;
const BOTTOM: f64 = 44.0;
/// Rows of labels of marks; a mark that finds no room in them has a line and a tool tip.
const ROWS: usize = 3;
const ROW: f64 = 13.0;
/// What a letter takes, about.
const LETTER: f64 = 6.2;
/// Curves have colours and dashes in turn.
const DASHES: [&str; 6] = ["", "7 3", "2 3", "9 3 2 3", "1 2", "12 4"];
const COLOURS: usize = 8;

/// The style of a plot that stands alone: light, and dark where that is preferred.
const STYLE: &str = "svg{--text:#111827;--muted:#55616f;--line:#d8dfe7;--bg:#fff;--k0:#0072b2;--k1:#b57400;--k2:#00805c;\
--k3:#8a7d00;--k4:#a3487c;--k5:#c2410c;--k6:#4456c7;--k7:#59636f;background:var(--bg);font-family:system-ui,'DejaVu Sans',sans-serif}\
@media(prefers-color-scheme:dark){svg{--text:#e6edf3;--muted:#9dabba;--line:#2b3440;--bg:#0d1117;--k0:#56b4e9;--k1:#e69f00;\
--k2:#2fbf91;--k3:#f0e442;--k4:#cc79a7;--k5:#f0714a;--k6:#8fa3ff;--k7:#b8c0cc}}";

/// What a plot's parts look like, by the variables of whoever shows it.
pub(crate) const PARTS: &str = ".plot text{font-size:11.5px;fill:var(--muted)}.plot .title{font-size:13px;font-weight:600;fill:var(--text)}\
.plot .grid{stroke:var(--line);stroke-width:1}.plot .axis{stroke:var(--muted);stroke-width:1}\
.plot .curve{fill:none;stroke:var(--k);stroke-width:1.8;stroke-linejoin:round}.plot .dot{fill:var(--k)}\
.plot .bars{fill:var(--k);fill-opacity:.75}.plot .band{fill:var(--k);fill-opacity:.18}\
.plot .mark{stroke:var(--muted);stroke-width:1;stroke-dasharray:3 3}.plot .cross{stroke:var(--text);stroke-width:1}\
.plot .mark-text{fill:var(--text);paint-order:stroke;stroke:var(--bg);stroke-width:3px}\
.k0{--k:var(--k0)}.k1{--k:var(--k1)}.k2{--k:var(--k2)}.k3{--k:var(--k3)}.k4{--k:var(--k4)}.k5{--k:var(--k5)}.k6{--k:var(--k6)}.k7{--k:var(--k7)}";

pub(super) fn alone(plot: &Plot) -> String {
    let legend = legend_rows(plot) as f64 * 17.0;
    let mut svg = open(plot, HEIGHT + 22.0 + legend, " xmlns=\"http://www.w3.org/2000/svg\" width=\"840\"");
    let _ = write!(svg, "<style>{STYLE}{PARTS}</style>");
    text(&mut svg, "title", LEFT, 15.0, "start", &plot.title);
    svg.push_str("<g transform=\"translate(0 22)\">");
    draw(plot, &mut svg);
    legend_of(plot, &mut svg);
    svg.push_str("</g></svg>\n");
    svg
}

pub(super) fn legend(plot: &Plot) -> String {
    if plot.curves.len() < 2 {
        return String::new();
    }
    let entries = plot.curves.iter().enumerate().map(|(place, curve)| {
        let (colour, dash) = (place % COLOURS, DASHES[place % DASHES.len()]);
        let line = format!("<svg aria-hidden=\"true\"><path class=\"k{colour}\" d=\"M0 5h26\" stroke-dasharray=\"{dash}\"/></svg>");
        format!("<span>{line}{}</span>", escape(&curve.name))
    });
    format!("<div class=\"legend\">{}</div>", entries.collect::<String>())
}

pub(super) fn inline(plot: &Plot) -> String {
    let mut svg = open(plot, HEIGHT, &crosshair(plot));
    draw(plot, &mut svg);
    svg.push_str("</svg>");
    svg
}

fn open(plot: &Plot, height: f64, more: &str) -> String {
    let title = escape(&plot.title);
    format!("<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{title}\"{more}>")
}

/// What the crosshair's script needs: pixels and values of the x axis.
fn crosshair(plot: &Plot) -> String {
    let (low, high) = x_scale(plot).domain();
    let log = u8::from(x_scale(plot).is_log());
    format!(
        " data-from=\"{LEFT}\" data-to=\"{}\" data-low=\"{low}\" data-high=\"{high}\" data-log=\"{log}\"",
        WIDTH - RIGHT
    )
}

fn x_scale(plot: &Plot) -> Scale {
    let xs = || plot.curves.iter().flat_map(|curve| curve.points.iter().map(|(x, _)| *x));
    let (low, high) = plot.x.domain.unwrap_or_else(|| extent(xs()));
    // Bars stand in the middle of their place.
    let bar = plot.curves.iter().filter(|curve| curve.kind == Kind::Bars).map(bar_width).fold(0.0, f64::max);
    Scale::new((low - bar / 2.0, high + bar / 2.0), (LEFT, WIDTH - RIGHT), plot.x.is_log)
}

/// Where the curves begin, below the labels of marks.
fn top(plot: &Plot) -> f64 {
    if plot.marks.is_empty() { TOP } else { TOP + ROWS as f64 * ROW }
}

fn y_scale(plot: &Plot) -> Scale {
    let points = plot.curves.iter().flat_map(|curve| {
        let band = curve.band.iter().flat_map(|(_, low, high)| [*low, *high]);
        curve.points.iter().map(|(_, y)| *y).chain(band)
    });
    let (low, high) = extent(points);
    let domain = plot.y.domain.unwrap_or(match plot.y.is_log && low > 0.0 {
        true => (low, high * 1.1),
        false => (low.min(0.0), high + (high - low.min(0.0)) * 0.08),
    });
    Scale::new(domain, (HEIGHT - BOTTOM, top(plot)), plot.y.is_log)
}

fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values
        .fold(None, |range: Option<(f64, f64)>, value| match range {
            None => Some((value, value)),
            Some((low, high)) => Some((low.min(value), high.max(value))),
        })
        .unwrap_or((0.0, 1.0))
}

fn bar_width(curve: &Curve) -> f64 {
    let steps = curve.points.windows(2).map(|pair| pair[1].0 - pair[0].0).filter(|step| *step > 0.0);
    steps
        .fold(None, |least: Option<f64>, step| Some(least.map_or(step, |least| least.min(step))))
        .unwrap_or(1.0)
}

fn draw(plot: &Plot, svg: &mut String) {
    let (x, y) = (x_scale(plot), y_scale(plot));
    axes(plot, svg, &x, &y);
    if plot.is_empty() {
        let middle = (LEFT + WIDTH - RIGHT) / 2.0;
        return text(svg, "empty", middle, HEIGHT / 2.0, "middle", "nothing was measured");
    }
    for (place, curve) in plot.curves.iter().enumerate() {
        let (colour, dash) = (place % COLOURS, DASHES[place % DASHES.len()]);
        if !curve.band.is_empty() {
            let _ = write!(svg, "<path class=\"band k{colour}\" d=\"{}\"/>", band_path(curve, &x, &y));
        }
        if curve.kind == Kind::Bars {
            let _ = write!(svg, "<path class=\"bars k{colour}\" d=\"{}\"/>", bars_path(curve, &x, &y));
            continue;
        }
        let dash = if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dash}\"") };
        let _ = write!(svg, "<path class=\"curve k{colour}\" d=\"{}\"{dash}/>", line_path(curve, &x, &y));
        if curve.points.len() <= 40 && curve.kind == Kind::Line {
            for (at, value) in &curve.points {
                let _ = write!(
                    svg,
                    "<circle class=\"dot k{colour}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.6\"/>",
                    x.at(*at),
                    y.at(*value)
                );
            }
        }
    }
    marks(&plot.marks, svg, &x);
}

fn axes(plot: &Plot, svg: &mut String, x: &Scale, y: &Scale) {
    let (left, right, bottom) = (LEFT, WIDTH - RIGHT, HEIGHT - BOTTOM);
    let ticks = y.ticks(4);
    for (tick, said) in ticks.iter().zip(plot.y.unit.write_ticks(&ticks)) {
        let at = y.at(*tick);
        let _ =
            write!(svg, "<line class=\"grid\" x1=\"{left}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>");
        text(svg, "tick", left - 6.0, at + 4.0, "end", &said);
    }
    let has_bars = plot.curves.iter().any(|curve| curve.kind == Kind::Bars);
    let ticks: Vec<f64> = x.ticks(6).into_iter().filter(|tick| !has_bars || tick.fract() == 0.0).collect();
    for (tick, said) in ticks.iter().zip(plot.x.unit.write_ticks(&ticks)) {
        let at = x.at(*tick);
        let anchor = if at > right - 16.0 { "end" } else { "middle" };
        let _ = write!(
            svg,
            "<line class=\"axis\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{bottom}\" y2=\"{}\"/>",
            bottom + 4.0
        );
        text(svg, "tick", at, bottom + 16.0, anchor, &said);
    }
    let _ =
        write!(svg, "<line class=\"axis\" x1=\"{left}\" x2=\"{right}\" y1=\"{bottom}\" y2=\"{bottom}\"/>");
    text(svg, "name", (left + right) / 2.0, HEIGHT - 8.0, "middle", &named(&plot.x));
    let middle = (top(plot) + bottom) / 2.0;
    let _ = write!(
        svg,
        "<text class=\"name\" text-anchor=\"middle\" transform=\"translate(12 {middle}) rotate(-90)\">{}</text>",
        escape(&named(&plot.y))
    );
}

fn named(axis: &Axis) -> String {
    match axis.unit.of_axis() {
        Some(unit) if *unit != axis.name => format!("{} ({unit})", axis.name),
        _ => axis.name.clone(),
    }
}

fn line_path(curve: &Curve, x: &Scale, y: &Scale) -> String {
    let mut path = String::new();
    for (place, (at, value)) in curve.points.iter().enumerate() {
        let (at, value) = (x.at(*at), y.at(*value));
        let _ = match (place, curve.kind) {
            (0, _) => write!(path, "M{at:.1} {value:.1}"),
            (_, Kind::Step) => write!(path, "H{at:.1}V{value:.1}"),
            _ => write!(path, "L{at:.1} {value:.1}"),
        };
    }
    path
}

fn bars_path(curve: &Curve, x: &Scale, y: &Scale) -> String {
    let (width, bottom) = (bar_width(curve), HEIGHT - BOTTOM);
    let mut path = String::new();
    for (at, value) in curve.points.iter().filter(|(_, value)| *value != 0.0) {
        let (left, right, top) = (x.at(at - width / 2.0), x.at(at + width / 2.0), y.at(*value));
        let right = (right - ((right - left) * 0.15).min(1.5)).max(left + 0.8);
        let _ = write!(path, "M{left:.1} {bottom}V{:.1}H{right:.1}V{bottom}Z", top.min(bottom - 1.0));
    }
    path
}

fn band_path(curve: &Curve, x: &Scale, y: &Scale) -> String {
    let there = curve.band.iter().map(|(at, _, high)| (x.at(*at), y.at(*high)));
    let back = curve.band.iter().rev().map(|(at, low, _)| (x.at(*at), y.at(*low)));
    let mut path = String::new();
    for (place, (at, value)) in there.chain(back).enumerate() {
        let _ = write!(path, "{}{at:.1} {value:.1}", if place == 0 { 'M' } else { 'L' });
    }
    path.push('Z');
    path
}

fn marks(marks: &[Mark], svg: &mut String, x: &Scale) {
    let (low, high) = x.domain();
    let mut rows = [f64::MIN; ROWS];
    for mark in marks.iter().filter(|mark| (low..=high).contains(&mark.x)) {
        let at = x.at(mark.x);
        let label = escape(&mark.text);
        let _ = write!(
            svg,
            "<g><title>{label}</title><line class=\"mark\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{}\"/>",
            HEIGHT - BOTTOM
        );
        let width = mark.text.chars().count() as f64 * LETTER;
        let is_left = at + 4.0 + width > WIDTH;
        let start = if is_left { at - 4.0 - width } else { at + 4.0 };
        if let Some(row) = rows.iter().position(|end| *end + 4.0 < start) {
            rows[row] = start + width;
            let anchor = if is_left { "end" } else { "start" };
            let place = if is_left { at - 4.0 } else { at + 4.0 };
            text(svg, "mark-text", place, TOP + 9.0 + row as f64 * ROW, anchor, &mark.text);
        }
        svg.push_str("</g>");
    }
}

fn legend_rows(plot: &Plot) -> usize {
    if plot.curves.len() < 2 { 0 } else { plot.curves.len() }
}

fn legend_of(plot: &Plot, svg: &mut String) {
    for (place, curve) in plot.curves.iter().take(legend_rows(plot)).enumerate() {
        let (y, dash) = (HEIGHT + 8.0 + place as f64 * 17.0, DASHES[place % DASHES.len()]);
        let _ = write!(
            svg,
            "<path class=\"curve k{}\" d=\"M{LEFT} {y}h28\" stroke-dasharray=\"{dash}\"/>",
            place % COLOURS
        );
        text(svg, "name", LEFT + 36.0, y + 4.0, "start", &curve.name);
    }
}

fn text(svg: &mut String, class: &str, x: f64, y: f64, anchor: &str, content: &str) {
    let content = escape(content);
    let _ = write!(
        svg,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{content}</text>"
    );
}

#[cfg(test)]
mod tests {
    use crate::plot::{Axis, Curve, Plot, Unit};

    fn plot() -> Plot {
        Plot::new("a < b", Axis::new("time", Unit::Seconds), Axis::new("nodes", Unit::Named("nodes".into())))
    }

    #[test]
    fn what_is_drawn_is_xml_whatever_things_are_called() {
        let plot = plot()
            .curve(
                Curve::line("\"one\" & <two>", [(0.0, 1.0), (1.0, 3.0), (f64::NAN, 1.0)])
                    .band([(0.0, 0.5, 1.5), (1.0, 2.0, 4.0)]),
            )
            .curve(Curve::bars("bars", [(0.0, 1.0), (0.5, 0.0)]))
            .mark(0.5, "</svg><script>");
        for svg in [plot.to_svg(), plot.to_inline()] {
            let document = roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{error}: {svg}"));
            let of = |class: &str| {
                document.descendants().filter(|node| node.attribute("class") == Some(class)).count()
            };
            assert_eq!(
                (of("band k0"), of("curve k0"), of("bars k1"), of("mark")),
                (1, if svg == plot.to_svg() { 2 } else { 1 }, 1, 1)
            );
            assert!(!svg.contains("NaN") && !svg.contains("inf") && !svg.contains("<script"), "{svg}");
        }
        assert!(plot.to_csv().contains("\"\"\"one\"\" & <two>\",1,3,2,4\n"), "{}", plot.to_csv());
    }

    #[test]
    fn a_plot_of_nothing_says_so() {
        let svg = plot().to_svg();
        assert!(svg.contains("nothing was measured") && !svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn labels_of_marks_do_not_lie_on_each_other() {
        let mut plot = plot().curve(Curve::line("n", [(0.0, 1.0), (100.0, 1.0)]));
        for at in 0..40 {
            plot = plot.mark(f64::from(at) * 2.5, format!("mark number {at}"));
        }
        let svg = plot.to_svg();
        let document = roxmltree::Document::parse(&svg).unwrap();
        let number =
            |node: roxmltree::Node<'_, '_>, name: &str| node.attribute(name).unwrap().parse::<f64>().unwrap();
        let mut spans: Vec<(u64, f64, f64)> = Vec::new();
        for node in document.descendants().filter(|node| node.attribute("class") == Some("mark-text")) {
            let width = node.text().unwrap().chars().count() as f64 * super::LETTER;
            let at = number(node, "x");
            let from = if node.attribute("text-anchor") == Some("end") { at - width } else { at };
            spans.push((number(node, "y") as u64, from, from + width));
        }
        assert!(spans.len() > 6, "{}", spans.len());
        for (place, one) in spans.iter().enumerate() {
            for other in &spans[place + 1..] {
                assert!(one.0 != other.0 || one.2 <= other.1 || other.2 <= one.1, "{one:?} {other:?}");
            }
        }
    }
}
