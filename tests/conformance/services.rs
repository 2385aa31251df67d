//! What the suite's nodes run.

use std::cell::Cell;
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;

use node::{ClientError, Directory, Methods, RpcError, Service, ServiceContext, ServiceError, Services};

/// The built-in ones, one that tells of itself, one that keeps a file, one that cannot be started.
pub(crate) fn services() -> Services {
    Services::builtin()
        .register("probe", Probe::new)
        .and_then(|services| services.register("keeper", |context| Ok(Keeper(context.dir()?.join("kept")))))
        .and_then(|services| services.register("broken", |_| Ok(Broken)))
        .expect("different names")
}

/// Keeps a number, notes its own stop, and asks other nodes for theirs.
struct Probe {
    number: Rc<Cell<u64>>,
    nodes: Directory,
    world: world::World,
}

impl Probe {
    fn new(context: &ServiceContext<'_>) -> Result<Self, ServiceError> {
        let saved = context.snapshot.as_ref().map_or(Ok(0), |saved| serde_json::from_slice(saved))?;
        Ok(Self {
            number: Rc::new(Cell::new(saved)),
            nodes: context.nodes.clone(),
            world: context.world.clone(),
        })
    }
}

impl Service for Probe {
    fn methods(&self, table: &mut Methods) {
        let number = Rc::clone(&self.number);
        table.add("probe_number", move |params| {
            let () = params.parse()?;
            Ok(number.get())
        });
        let number = Rc::clone(&self.number);
        table.add("probe_set", move |params| {
            let (set,) = params.parse()?;
            number.set(set);
            Ok(())
        });
        let (nodes, world) = (self.nodes.clone(), self.world.clone());
        table.add_async("probe_numberOf", move |params| {
            let client = params
                .parse()
                .and_then(|(id,): (String,)| id.parse().map_err(RpcError::invalid_params))
                .map(|id| nodes.client(&world, id));
            async move {
                let answer: Result<u64, ClientError> = client?.call("probe_number", ()).await;
                answer.map_err(RpcError::failed)
            }
        });
        let number = Rc::clone(&self.number);
        table.subscription("probe", "numbers", move |params, sink| {
            let (count,): (u64,) = params.parse()?;
            // Who has hung up meanwhile hears no more.
            let _ = (0..count).all(|step| sink.send(&(number.get() + step)));
            Ok(())
        });
    }

    fn snapshot(&self) -> Result<Option<Vec<u8>>, ServiceError> {
        Ok(Some(serde_json::to_vec(&self.number.get())?))
    }
}

/// Keeps a text in a file of its own.
struct Keeper(PathBuf);

impl Service for Keeper {
    fn methods(&self, table: &mut Methods) {
        let file = self.0.clone();
        table.add("keeper_keep", move |params| {
            let (text,): (String,) = params.parse()?;
            fs::write(&file, text).map_err(RpcError::failed)
        });
        let file = self.0.clone();
        table.add("keeper_kept", move |params| {
            let () = params.parse()?;
            Ok(fs::read_to_string(&file).unwrap_or_default())
        });
    }
}

/// Cannot be started.
struct Broken;

impl Service for Broken {
    fn start(&self, _node: &Rc<node::Node>) -> Result<(), ServiceError> {
        Err(ServiceError::new("out of order"))
    }
}
