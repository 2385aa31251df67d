//! What a scenario file can say: every table, every key of it, what the key wants, and a sentence about it.
//!
//! There is this one list. The reader refuses what is not on it, and the schema for editors is made from it.

/// A kind of table.
#[derive(Debug)]
pub(super) struct Kind {
    /// What the file calls it.
    pub(super) title: &'static str,
    pub(super) keys: &'static [Key],
}

/// A key of a table.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) wants: Wants,
    /// What it says, for whoever writes a file.
    pub(super) about: &'static str,
}

/// What the value of a key is.
#[derive(Debug)]
pub(super) enum Wants {
    Text,
    Texts,
    /// One text or a list of them.
    TextOrTexts,
    /// From 0.
    Whole,
    /// A number, a time, or a share: what a measured quantity is held against.
    Amount,
    Flag,
    /// A text such as `1m 30s`.
    Time,
    Word(&'static [&'static str]),
    Table(&'static Kind),
    Tables(&'static Kind),
    /// A table of tables whose names the file chooses.
    Named(&'static Kind),
    /// A table of texts whose names the file chooses.
    NamedTexts,
    /// A table of texts, numbers and flags whose names the file chooses.
    Scalars,
    /// A table of tables in which anything may stand.
    Free,
    /// A list in which anything may stand.
    List,
}

impl Kind {
    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    pub(super) fn names(&self) -> Vec<&'static str> {
        self.keys.iter().map(|key| key.name).collect()
    }

    /// The words that a key of this table may be.
    pub(super) fn words(&self, name: &str) -> &'static [&'static str] {
        match self.key(name).map(|key| &key.wants) {
            Some(Wants::Word(words)) => words,
            _ => &[],
        }
    }
}

const fn key(name: &'static str, wants: Wants, about: &'static str) -> Key {
    Key { name, wants, about }
}

/// In all of these a key that is unknown elsewhere may belong.
pub(super) static KINDS: &[&Kind] = &[
    &FILE, &NETWORK, &NODES, &MIX, &TOPOLOGY, &LINK, &LINKS, &CONDITION, &REGION, &WORKLOAD, &TIMELINE,
    &EXPECT,
];

/// In a file that others include.
pub(super) static DATA_KINDS: &[&Kind] = &[&DATA, &CONDITION, &REGION];

pub(super) static FILE: Kind = Kind {
    title: "the top of the file",
    keys: &[
        key("name", Wants::Text, "What reports call it."),
        key("question", Wants::Text, "What the experiment is to answer."),
        key("seed", Wants::Whole, "Where all entropy of the run comes from; 0 when missing."),
        key("duration", Wants::Time, "Simulated time from the moment when the network is up."),
        key(
            "include",
            Wants::Texts,
            "Files of conditions and regions: shipped ones by name, such as \"mainnet\", others by path.",
        ),
        key(
            "parameters",
            Wants::Scalars,
            "Values that others refer to as \"{name}\", and that --set and --vary change.",
        ),
        key("network", Wants::Table(&NETWORK), "What holds for the whole network."),
        key("conditions", Wants::Named(&CONDITION), "Links and lines by name, beside the shipped ones."),
        key("regions", Wants::Named(&REGION), "Where nodes are, and what lies between."),
        key("nodes", Wants::Tables(&NODES), "Groups of nodes, in the order of their creation."),
        key("topology", Wants::Table(&TOPOLOGY), "Who is connected to whom at the start."),
        key(
            "link",
            Wants::Table(&LINK),
            "What lies between two nodes where nothing else is said; 1 ms when missing.",
        ),
        key("links", Wants::Tables(&LINKS), "What lies between certain nodes."),
        key("workload", Wants::Tables(&WORKLOAD), "Calls to nodes' services, again and again."),
        key("timeline", Wants::Tables(&TIMELINE), "What happens to the network, and when."),
        key("expect", Wants::Tables(&EXPECT), "What should be true."),
    ],
};

pub(super) static DATA: Kind = Kind {
    title: "the top of the file",
    keys: &[
        key("about", Wants::Text, "What it describes, and where the figures are from."),
        key("conditions", Wants::Named(&CONDITION), "Links and lines by name."),
        key("regions", Wants::Named(&REGION), "Where nodes are, and what lies between."),
    ],
};

pub(super) static NETWORK: Kind = Kind {
    title: "[network]",
    keys: &[
        key(
            "fidelity",
            Wants::Word(&["wire", "message"]),
            "Real RLPx to the bit, or the same sessions without cryptography.",
        ),
        key("max_peers", Wants::Whole, "Peers that a node has at most; no bound when missing."),
    ],
};

pub(super) static CONDITION: Kind = Kind {
    title: "[conditions.NAME]",
    keys: &[
        key("about", Wants::Text, "What it describes."),
        key(
            "link",
            Wants::Text,
            "What it adds to every link of a node, such as \"20ms, jitter 5ms, loss 0.1%\".",
        ),
        key("line", Wants::Text, "A node's line to the network, such as \"up 15 Mbit/s, down 50 Mbit/s\"."),
    ],
};

pub(super) static REGION: Kind = Kind {
    title: "[regions.NAME]",
    keys: &[
        key(
            "weight",
            Wants::Whole,
            "How many of the nodes that name no region are here, in proportion; 0 when missing.",
        ),
        key(
            "links",
            Wants::NamedTexts,
            "The link to each region, this one too: both ways, unless the other says it as well.",
        ),
    ],
};

pub(super) static NODES: Kind = Kind {
    title: "[[nodes]]",
    keys: &[
        key(
            "name",
            Wants::Text,
            "What the names of its nodes begin with; a group of one has it as its name.",
        ),
        key("count", Wants::Whole, "How many; 1 when missing."),
        key("services", Wants::Texts, "What they run, in the order of their start."),
        key("msg_events", Wants::Flag, "Whether their messages are shown as events; true when missing."),
        key("up", Wants::Flag, "Whether they are up from the start; true when missing."),
        key(
            "adapter",
            Wants::Word(&["sim", "exec"]),
            "In memory, or as processes of their own in real time; what the run says when missing.",
        ),
        key("region", Wants::Text, "Where they are; drawn by the regions' weights when missing."),
        key("condition", Wants::Text, "How they are connected to the network: the name of a condition."),
        key(
            "line",
            Wants::Text,
            "Their line, such as \"up 15 Mbit/s, down 50 Mbit/s\"; the condition's when missing.",
        ),
        key("mix", Wants::Tables(&MIX), "Versions among them, by share; which node is which is drawn."),
        key("settings", Wants::Free, "Settings by service."),
    ],
};

pub(super) static MIX: Kind = Kind {
    title: "[[nodes.mix]]",
    keys: &[
        key("name", Wants::Text, "What selections call it: GROUP/NAME."),
        key("share", Wants::Text, "How many of the group, such as \"30%\"; \"rest\" for whoever is left."),
        key("services", Wants::Texts, "What they run; what the group runs when missing."),
        key("condition", Wants::Text, "How they are connected; the group's when missing."),
        key("settings", Wants::Free, "Settings by service, in place of the group's."),
    ],
};

pub(super) static TOPOLOGY: Kind = Kind {
    title: "[topology]",
    keys: &[
        key(
            "kind",
            Wants::Word(&[
                "none",
                "chain",
                "ring",
                "star",
                "full",
                "random-regular",
                "small-world",
                "scale-free",
                "kademlia",
                "file",
            ]),
            "Its shape.",
        ),
        key("center", Wants::Whole, "star: the node in the middle, counted from 0."),
        key("degree", Wants::Whole, "random-regular, small-world: connections of a node."),
        key(
            "rewire",
            Wants::Text,
            "small-world: the share of connections that lead anywhere, such as \"10%\".",
        ),
        key("links", Wants::Whole, "scale-free: connections that each newcomer makes."),
        key("bucket", Wants::Whole, "kademlia: connections into each half of what is left of the space."),
        key("file", Wants::Text, "file: an edge list or a GraphML file, beside this one."),
        key(
            "among",
            Wants::TextOrTexts,
            "The groups that it is made of; all that are up from the start when missing.",
        ),
    ],
};

pub(super) static LINK: Kind = Kind {
    title: "[link]",
    keys: &[
        key("condition", Wants::Text, "A named condition, of which the rest says what is different."),
        key("latency", Wants::Text, "From one end to the other: \"50ms\", or \"50ms ± 10ms\"."),
        key(
            "jitter",
            Wants::Text,
            "On top of it: \"10ms\", \"normal 5ms ± 2ms\", \"long-tail 5ms shape 2 most 1s\".",
        ),
        key("loss", Wants::Text, "What is lost: \"1%\", \"1% in bursts of 4\"."),
        key("reorder", Wants::Text, "What comes later: \"1% by 10ms\"."),
        key("duplicate", Wants::Text, "What comes twice: \"0.1%\"."),
        key("mtu", Wants::Text, "The greatest packet: \"1500\"."),
        key(
            "window",
            Wants::Flag,
            "Whether streams start slowly even where nothing else of the link asks for it.",
        ),
    ],
};

pub(super) static LINKS: Kind = Kind {
    title: "[[links]]",
    keys: &[
        key("between", Wants::Texts, "Two nodes or groups: the link both ways."),
        key("from", Wants::Text, "A node or group: the link from here…"),
        key("to", Wants::Text, "… to this node or group, that way only."),
        key("link", Wants::Text, "What lies there: \"200ms, loss 1%\", or the name of a condition."),
    ],
};

pub(super) static WORKLOAD: Kind = Kind {
    title: "[[workload]]",
    keys: &[
        key("name", Wants::Text, "What reports call it; the method when missing."),
        key("call", Wants::Text, "A method of the nodes' RPC, such as \"gossip_publish\"."),
        key("params", Wants::List, "What it is called with."),
        key("from", Wants::Text, "Which nodes are called; \"all\" when missing."),
        key(
            "pick",
            Wants::Word(&["random", "in-turn", "each"]),
            "One of them that is up, at random (when missing) or in turn; or each of them.",
        ),
        key("every", Wants::Time, "Regularly, so far apart."),
        key("rate", Wants::Text, "At random (Poisson), so often: \"2/s\"."),
        key("at", Wants::Time, "Once."),
        key("after", Wants::Time, "No call before; \"0s\" when missing."),
        key("before", Wants::Time, "No call from then on; the duration when missing."),
        key("times", Wants::Whole, "So many calls at most."),
    ],
};

pub(super) static TIMELINE: Kind = Kind {
    title: "[[timeline]]",
    keys: &[
        key("at", Wants::Time, "When, from the moment when the network is up."),
        key("name", Wants::Text, "What `heal` calls it."),
        key("start", Wants::Text, "Starts these nodes."),
        key("stop", Wants::Text, "Stops these nodes: their peers are told."),
        key("crash", Wants::Text, "Ends these nodes where they stand: their peers see a reset."),
        key("restart", Wants::Text, "Stops these nodes and starts them again."),
        key("churn", Wants::Text, "Has each of these nodes go and come back, again and again."),
        key("connect", Wants::Texts, "The first of two nodes connects to the second."),
        key("disconnect", Wants::Texts, "Two nodes part."),
        key(
            "partition",
            Wants::TextOrTexts,
            "Nothing passes between the two, or between the one and everybody else.",
        ),
        key(
            "worsen",
            Wants::TextOrTexts,
            "Everything between the two, or the one and everybody else, takes longer or is lost more often.",
        ),
        key("heal", Wants::Text, "Ends a partition or worsening by its name; \"all\" ends all."),
        key(
            "link",
            Wants::TextOrTexts,
            "Changes the link between two nodes or groups; \"default\" where there is no other.",
        ),
        key("line", Wants::Text, "Changes the line of these nodes."),
        key("snapshot", Wants::Text, "Takes a snapshot of that name; `run --out` writes it down."),
        key("for", Wants::Time, "How long: then it is undone, or those that went come back."),
        key(
            "over",
            Wants::Time,
            "start, stop, crash, restart: not at once, but each at its own moment within so long, drawn.",
        ),
        key(
            "peers",
            Wants::Whole,
            "start: how many nodes that are up each of them connects to, drawn; whom it was connected with when missing.",
        ),
        key("of", Wants::Text, "start: those are of these; \"all\" when missing."),
        key("one_way", Wants::Flag, "partition, worsen, link: from the first to the second only."),
        key("delay", Wants::Time, "worsen: so much later."),
        key("loss", Wants::Text, "worsen: so much is lost besides, such as \"5%\"."),
        key(
            "to",
            Wants::Text,
            "link, line: what it is from now on: \"latency 200ms, loss 1%\", \"up 1 Mbit/s\", or the name of a condition.",
        ),
        key("rate", Wants::Text, "churn: how often they go, at random: \"10%/h\" of each, \"2/min\" of all."),
        key(
            "up",
            Wants::Text,
            "churn: how long each is up: \"10m\", \"10m ± 5m\", \"exponential 10m\", \"weibull 10m shape 0.5\".",
        ),
        key("down", Wants::Text, "churn: how long each is away, written alike; \"10s\" when missing."),
        key("by", Wants::Word(&["stop", "crash"]), "churn: how they go; \"stop\" when missing."),
    ],
};

pub(super) static EXPECT: Kind = Kind {
    title: "[[expect]]",
    keys: &[
        key("name", Wants::Text, "What a reader calls it."),
        key(
            "total",
            Wants::Word(&[
                "nodes",
                "connections",
                "drops",
                "failed_dials",
                "sent",
                "received",
                "calls",
                "failed_calls",
            ]),
            "A number of the whole network.",
        ),
        key("every_node", Wants::Word(&["peers", "drops", "sent", "received"]), "A number of each node."),
        key("answer", Wants::Text, "What each node answers to this method of its RPC, a number."),
        key("quantity", Wants::Text, "What was measured, such as \"gossip/arrival\"."),
        key("of", Wants::Text, "quantity: \"p95\", \"mean\" (when missing), \"min\", \"max\" or \"count\"."),
        key("group", Wants::Text, "every_node, answer: of these nodes; of all when missing."),
        key("up_only", Wants::Flag, "every_node, answer: of those that are up."),
        key("protocol", Wants::Text, "sent, received: of this protocol."),
        key("code", Wants::Whole, "sent, received: with this code."),
        key("equals", Wants::Amount, "It is exactly this."),
        key("at_least", Wants::Amount, "It is this or more."),
        key("at_most", Wants::Amount, "It is this or less."),
        key(
            "when",
            Wants::Word(&["end", "always", "never", "eventually"]),
            "At the end (when missing); at every look; at none; at one of them.",
        ),
        key("after", Wants::Time, "always, never, eventually: the first look; \"0s\" when missing."),
        key(
            "within",
            Wants::Time,
            "always, never, eventually: how long it is looked; to the end when missing.",
        ),
        key("every", Wants::Time, "always, never, eventually: from look to look; \"100ms\" when missing."),
    ],
};
