//! Recordings of requests and their answers, as `router.txt` and `nodes.txt` have them.

/// A request, what the original answered, and what ours differs in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exchange {
    pub(crate) title: String,
    /// Verb and path.
    pub(crate) request: String,
    pub(crate) body: String,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) answer: String,
    pub(crate) ours: Ours,
}

/// What is another answer here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ours {
    /// Another status.
    pub(crate) status: Option<u16>,
    /// Another text: this is in it.
    pub(crate) text: Option<String>,
    /// Another header, in the place of any of that name.
    pub(crate) header: Option<(String, String)>,
    /// Other values of these fields.
    pub(crate) differs: Vec<String>,
}

/// Reads a file of them.
pub(crate) fn read(file: &str) -> Vec<Exchange> {
    file.split("\n# ").skip(1).filter(|part| part.contains("\n> ")).map(exchange).collect()
}

fn exchange(part: &str) -> Exchange {
    let mut lines = part.lines();
    let mut exchange = Exchange { title: lines.next().unwrap().to_owned(), ..Exchange::default() };
    let (mut is_answer, mut is_head) = (false, false);
    for line in lines {
        match line.split_at_checked(2) {
            Some(("> ", request)) => exchange.request = request.to_owned(),
            Some(("< ", status)) => {
                (is_answer, is_head) = (true, true);
                exchange.status = status.parse().unwrap();
            }
            Some(("! ", more)) => exchange.ours.read(more),
            _ if line.is_empty() => {}
            _ if !is_answer => exchange.body = line.to_owned(),
            _ => match header(line).filter(|_| is_head) {
                Some(header) => exchange.headers.push(header),
                None => {
                    is_head = false;
                    exchange.answer = line.to_owned();
                }
            },
        }
    }
    exchange
}

fn header(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(": ")?;
    let is_name =
        name.starts_with(char::is_uppercase) && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-');
    is_name.then(|| (name.to_owned(), value.to_owned()))
}

impl Ours {
    fn read(&mut self, line: &str) {
        let (what, value) = line.split_once(' ').unwrap();
        match what {
            "status" => self.status = Some(value.parse().unwrap()),
            "text" => self.text = Some(value.to_owned()),
            "header" => self.header = header(value),
            "differs" => self.differs.push(value.to_owned()),
            _ => panic!("{line:?} says nothing"),
        }
    }
}
