//! Services for nodes in these tests, known to the parent and to its children alike.

use node::{Methods, Service, ServiceContext, ServiceError, Services};

/// All but `elsewhere`, which only parents know.
pub(crate) fn services() -> Services {
    Services::builtin()
        .register("probe", |context| Ok(Probe { nodes: context.nodes.clone(), world: context.world.clone() }))
        .and_then(|services| services.register("stubborn", |_| Ok(Stubborn)))
        .and_then(|services| services.register("chatty", |_| Ok(Chatty)))
        .and_then(|services| services.register("broken", Broken::new))
        .expect("different names")
}

/// Tells of its process, and asks other nodes.
struct Probe {
    nodes: node::Directory,
    world: world::World,
}

impl Service for Probe {
    fn methods(&self, table: &mut Methods) {
        table.add("probe_pid", |params| {
            let () = params.parse()?;
            Ok(std::process::id())
        });
        let (nodes, world) = (self.nodes.clone(), self.world.clone());
        table.add_async("probe_pidOf", move |params| {
            let client = params
                .parse()
                .map(|(id,): (String,)| nodes.client(&world, id.parse().expect("tests know their ids")));
            async move {
                let pid: u32 = client?.call("probe_pid", ()).await.map_err(node::RpcError::failed)?;
                Ok(pid)
            }
        });
    }
}

/// Does not stop.
struct Stubborn;

impl Service for Stubborn {
    fn stop(&self) {
        loop {
            std::thread::park();
        }
    }
}

/// Has a lot to log.
struct Chatty;

impl Service for Chatty {
    fn start(&self, _node: &std::rc::Rc<node::Node>) -> Result<(), ServiceError> {
        let line = "x".repeat(1 << 10);
        (0..8 << 10).for_each(|_| tracing::info!("{line}"));
        Ok(())
    }
}

/// Cannot be made.
struct Broken;

impl Broken {
    fn new(_: &ServiceContext<'_>) -> Result<Self, ServiceError> {
        Err(ServiceError::new("out of order"))
    }
}

impl Service for Broken {}
