//! `#[p2psim::test]`: an `async fn` over a `Sim`, run once for each of some seeds.
//!
//! What is written here is only the rewriting; running, and telling how to run again, is `p2psim::testing`.

mod test;

use proc_macro::TokenStream;

/// Makes a test of an `async fn` that takes a `Sim`: `#[p2psim::test]`, or `#[p2psim::test(seeds = 20)]` to run it on
/// the seeds 1 to 20, one after the other. See `p2psim::testing`.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    test::expand(arguments.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}
