//! Plots as SVG: lines, steps, bars and confidence bands over linear or logarithmic axes, with marks at what happened.
//!
//! Draws what it is given and computes nothing. Colours are Okabe and Ito's, never the only sign: curves have dashes of
//! their own. A plot that stands alone brings its style for light and dark; on a page it takes the page's.
//!
//! ```
//! use simnet::plot::{Axis, Curve, Plot, Unit};
//!
//! let share = Axis::new("nodes reached", Unit::Share).domain(0.0, 1.0);
//! let plot = Plot::new("propagation", Axis::new("time since publication", Unit::Seconds), share)
//!     .curve(Curve::step("flooding", [(0.05, 0.1), (0.1, 0.5), (0.2, 1.0)]))
//!     .mark(0.1, "p50 100 ms");
//! assert!(plot.to_svg().starts_with("<svg "));
//! ```

mod scale;
mod svg;

pub use scale::Unit;
pub(crate) use svg::PARTS;

use serde_json::{Value, json};

/// One axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    name: String,
    unit: Unit,
    domain: Option<(f64, f64)>,
    is_log: bool,
}

impl Axis {
    /// An axis that reaches as far as the values do; one that goes up begins at 0.
    pub fn new(name: impl Into<String>, unit: Unit) -> Self {
        Self { name: name.into(), unit, domain: None, is_log: false }
    }

    /// The same from one value to another.
    #[must_use]
    pub fn domain(self, low: f64, high: f64) -> Self {
        Self { domain: Some((low, high)), ..self }
    }

    /// The same, logarithmic if all values are above 0.
    #[must_use]
    pub fn log(self) -> Self {
        Self { is_log: true, ..self }
    }
}

/// How the points of a curve are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// By straight lines.
    Line,
    /// Each value holds until the next.
    Step,
    /// A bar for each, as wide as the least distance between two.
    Bars,
}

/// Points that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    name: String,
    kind: Kind,
    points: Vec<(f64, f64)>,
    band: Vec<(f64, f64, f64)>,
}

impl Curve {
    /// Points joined in some way. What is no number is left out.
    pub fn new(name: impl Into<String>, kind: Kind, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let points = points.into_iter().filter(|(x, y)| x.is_finite() && y.is_finite());
        Self { name: name.into(), kind, points: points.collect(), band: Vec::new() }
    }

    /// Points joined by straight lines.
    pub fn line(name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        Self::new(name, Kind::Line, points)
    }

    /// Points that hold until the next.
    pub fn step(name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        Self::new(name, Kind::Step, points)
    }

    /// A bar for each point.
    pub fn bars(name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        Self::new(name, Kind::Bars, points)
    }

    /// The same with a band around it: at each `x`, from one value to another.
    #[must_use]
    pub fn band(self, band: impl IntoIterator<Item = (f64, f64, f64)>) -> Self {
        let finite =
            |(x, low, high): &(f64, f64, f64)| [x, low, high].into_iter().all(|value| value.is_finite());
        Self { band: band.into_iter().filter(finite).collect(), ..self }
    }
}

/// Something at one place of the x axis.
#[derive(Clone, Debug, PartialEq)]
struct Mark {
    x: f64,
    text: String,
}

/// A plot. See the module.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    title: String,
    x: Axis,
    y: Axis,
    curves: Vec<Curve>,
    marks: Vec<Mark>,
}

impl Plot {
    /// A plot without curves.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        Self { title: title.into(), x, y, curves: Vec::new(), marks: Vec::new() }
    }

    /// The same with one curve more.
    #[must_use]
    pub fn curve(mut self, curve: Curve) -> Self {
        self.curves.push(curve);
        self
    }

    /// The same with a line across it at `x`.
    #[must_use]
    pub fn mark(mut self, x: f64, text: impl Into<String>) -> Self {
        if x.is_finite() {
            self.marks.push(Mark { x, text: text.into() });
        }
        self
    }

    /// What it is called.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.curves.iter().all(|curve| curve.points.is_empty())
    }

    /// A picture that stands alone, with its style.
    pub fn to_svg(&self) -> String {
        svg::alone(self)
    }

    /// The picture for a page that has the style.
    pub(crate) fn to_inline(&self) -> String {
        svg::inline(self)
    }

    /// Which curve is which, for a page; nothing where there is one.
    pub(crate) fn legend(&self) -> String {
        svg::legend(self)
    }

    /// What a page's script needs to say which values are where.
    pub(crate) fn script_data(&self) -> Value {
        let curves = self.curves.iter().map(|curve| json!({ "name": curve.name, "points": curve.points }));
        let curves: Vec<Value> = curves.collect();
        json!({ "title": self.title, "x": self.x.unit.code(), "y": self.y.unit.code(), "curves": curves })
    }

    /// Its numbers, a row for each point: `curve,x,y,low,high`, the last two where there is a band.
    pub fn to_csv(&self) -> String {
        let cell = crate::markup::csv_cell;
        let mut text = format!("curve,{},{},low,high\n", cell(&self.x.name), cell(&self.y.name));
        for curve in &self.curves {
            for (x, y) in &curve.points {
                let band = curve.band.iter().find(|(at, ..)| at == x);
                let band = band.map_or(",".to_owned(), |(_, low, high)| format!("{low},{high}"));
                text.push_str(&format!("{},{x},{y},{band}\n", cell(&curve.name)));
            }
        }
        text
    }
}
