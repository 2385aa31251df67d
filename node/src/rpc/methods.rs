//! The table of a node's methods and subscriptions: what its services add to what every node has.
//!
//! Names are `<namespace>_<method>`, as in geth. What the methods of every node do stands in `builtin`; how a call comes
//! in and its answer goes out, in `session`.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::rc::Rc;

use devp2p::Context;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::builtin;
use super::error::RpcError;
use super::params::Params;
use super::subscription::Sink;
use crate::node::Node;

/// What a call comes to: a value in JSON, or the reason why not.
pub(crate) type Answer = Result<Box<RawValue>, RpcError>;

type Sync = Box<dyn Fn(&Rc<Node>, Params) -> Answer>;
type Async = Box<dyn Fn(&Rc<Node>, Params) -> LocalBoxFuture<'static, Answer>>;
type Subscribe = Box<dyn Fn(Params, Sink) -> Result<(), RpcError>>;

enum Method {
    Sync(Sync),
    Async(Async),
}

/// Why a name cannot be added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MethodError {
    /// There is one of that name.
    #[error("RPC method already exists: {0:?}")]
    Taken(String),
    /// No namespace, or a name that is made for subscriptions.
    #[error("RPC method {0:?} is not named <namespace>_<method>, or ends in a word that subscriptions use")]
    Name(String),
}

/// Methods and subscriptions that services add. See [`Service::methods`](crate::Service::methods).
#[derive(Default)]
pub struct Methods {
    methods: BTreeMap<String, Method>,
    subscriptions: BTreeMap<String, Subscribe>,
    /// The first name that could not be added. Starting the node fails with it.
    fault: Option<MethodError>,
}

impl Methods {
    /// Adds a method that answers at once.
    pub fn add<T: Serialize>(
        &mut self,
        name: &str,
        act: impl Fn(Params) -> Result<T, RpcError> + 'static,
    ) -> &mut Self {
        self.insert(name, Method::Sync(Box::new(move |_, params| to_json(&act(params)?))))
    }

    /// Adds a method that runs in the context of one of the node's protocols, as a handler does, and so can send.
    pub fn add_in<T: Serialize>(
        &mut self,
        protocol: &str,
        name: &str,
        act: impl Fn(&mut Context<'_>, Params) -> Result<T, RpcError> + 'static,
    ) -> &mut Self {
        let protocol = protocol.to_owned();
        let method = move |node: &Rc<Node>, params| {
            let answer = node.server().enter(&protocol, |cx| act(cx, params));
            let answer = answer
                .ok_or_else(|| RpcError::failed(format_args!("protocol {protocol:?} is not running")))?;
            to_json(&answer?)
        };
        self.insert(name, Method::Sync(Box::new(method)))
    }

    /// Adds a method whose answer takes its time.
    pub fn add_async<T: Serialize, F>(&mut self, name: &str, act: impl Fn(Params) -> F + 'static) -> &mut Self
    where
        F: Future<Output = Result<T, RpcError>> + 'static,
    {
        let method = move |_: &Rc<Node>, params| {
            let answer = act(params);
            async move { to_json(&answer.await?) }.boxed_local()
        };
        self.insert(name, Method::Async(Box::new(method)))
    }

    /// Adds a subscription: each call of `<namespace>_subscribe` with this name hands `act` a [`Sink`] of its own.
    pub fn subscription(
        &mut self,
        namespace: &str,
        name: &str,
        act: impl Fn(Params, Sink) -> Result<(), RpcError> + 'static,
    ) -> &mut Self {
        let key = format!("{namespace}_{name}");
        if namespace.is_empty() || namespace.contains('_') {
            self.fail(MethodError::Name(key));
        } else if builtin::has_subscription(namespace, name) || self.subscriptions.contains_key(&key) {
            self.fail(MethodError::Taken(key));
        } else {
            self.subscriptions.insert(key, Box::new(act));
        }
        self
    }

    fn insert(&mut self, name: &str, method: Method) -> &mut Self {
        let named =
            name.split_once('_').is_some_and(|(namespace, own)| !namespace.is_empty() && !own.is_empty());
        let reserved = name.ends_with("_subscribe") || name.ends_with("_unsubscribe");
        if !named || reserved {
            self.fail(MethodError::Name(name.to_owned()));
        } else if builtin::find(name).is_some() || self.methods.contains_key(name) {
            self.fail(MethodError::Taken(name.to_owned()));
        } else {
            self.methods.insert(name.to_owned(), method);
        }
        self
    }

    fn fail(&mut self, fault: MethodError) {
        self.fault.get_or_insert(fault);
    }

    /// The table, if every name in it could be added.
    pub(crate) fn checked(mut self) -> Result<Self, MethodError> {
        self.fault.take().map_or(Ok(self), Err)
    }

    /// Calls a method; the answer is there at once wherever the method answers at once.
    pub(crate) fn call(&self, node: &Rc<Node>, name: &str, params: Params) -> Called {
        if let Some(method) = builtin::find(name) {
            return match method {
                builtin::Builtin::Sync(act) => Called::Now(act(node, params)),
                builtin::Builtin::Async(act) => Called::Later(act(node, params)),
            };
        }
        match self.methods.get(name) {
            Some(Method::Sync(act)) => Called::Now(act(node, params)),
            Some(Method::Async(act)) => Called::Later(act(node, params)),
            None => Called::Now(Err(RpcError::no_method(name))),
        }
    }

    /// Opens a subscription.
    pub(crate) fn subscribe(
        &self,
        node: &Rc<Node>,
        namespace: &str,
        name: &str,
        params: Params,
        sink: Sink,
    ) -> Result<(), RpcError> {
        if builtin::has_subscription(namespace, name) {
            return builtin::subscribe(node, params, sink);
        }
        match self.subscriptions.get(&format!("{namespace}_{name}")) {
            Some(act) => act(params, sink),
            None => Err(RpcError::no_subscription(namespace, name)),
        }
    }

    /// Its methods and its subscriptions, those of [`builtin`] apart.
    pub(crate) fn names(&self) -> (impl Iterator<Item = &str>, impl Iterator<Item = &str>) {
        (self.methods.keys().map(String::as_str), self.subscriptions.keys().map(String::as_str))
    }

    /// Every namespace in it, those of [`builtin`] apart.
    pub(crate) fn namespaces(&self) -> impl Iterator<Item = &str> {
        let names = self.methods.keys().chain(self.subscriptions.keys());
        names.filter_map(|name| name.split_once('_')).map(|(namespace, _)| namespace)
    }
}

impl fmt::Debug for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Methods")
            .field("methods", &self.methods.keys())
            .field("subscriptions", &self.subscriptions.keys())
            .finish_non_exhaustive()
    }
}

/// A call under way.
pub(crate) enum Called {
    Now(Answer),
    Later(LocalBoxFuture<'static, Answer>),
}

impl Called {
    pub(crate) async fn answer(self) -> Answer {
        match self {
            Self::Now(answer) => answer,
            Self::Later(answer) => answer.await,
        }
    }
}

/// A value in JSON.
pub(crate) fn to_json(value: &impl Serialize) -> Answer {
    to_raw_value(value).map_err(|error| RpcError::failed(format_args!("result is no JSON: {error}")))
}
