//! The rewriting of one test.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Error, Ident, ItemFn, LitInt, Path, Result, Token};

/// What stands in the attribute's brackets.
struct Arguments {
    seeds: u64,
    /// Where `p2psim` is found; a crate that calls it otherwise says so.
    krate: Path,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut arguments = Self { seeds: 1, krate: syn::parse_quote!(::p2psim) };
        while !input.is_empty() {
            if input.peek(Token![crate]) {
                input.parse::<Token![crate]>()?;
                input.parse::<Token![=]>()?;
                arguments.krate = input.call(Path::parse_mod_style)?;
            } else {
                let name: Ident = input.parse()?;
                if name != "seeds" {
                    let text =
                        format!("unknown argument `{name}`: known are `seeds = 20` and `crate = path`");
                    return Err(Error::new(name.span(), text));
                }
                input.parse::<Token![=]>()?;
                let count: LitInt = input.parse()?;
                arguments.seeds = count.base10_parse()?;
                if arguments.seeds == 0 {
                    return Err(Error::new(count.span(), "a test on no seed tests nothing: at least 1"));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(arguments)
    }
}

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let Arguments { seeds, krate } = syn::parse2(arguments)?;
    let test: ItemFn = syn::parse2(item)?;
    let signature = &test.sig;
    if signature.asyncness.is_none() {
        return Err(Error::new(signature.fn_token.span(), "a test over a Sim is an `async fn`"));
    }
    if signature.inputs.len() != 1 {
        let text = "a test over a Sim takes it, and nothing else: `async fn name(sim: Sim)`";
        return Err(Error::new(signature.paren_token.span.join(), text));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new(signature.generics.span(), "a test has no type parameters"));
    }
    let (attributes, visibility, name) = (&test.attrs, &test.vis, &signature.ident);
    let (inputs, output, body) = (&signature.inputs, &signature.output, &test.block);
    Ok(quote! {
        #[::core::prelude::v1::test]
        #(#attributes)*
        #visibility fn #name() {
            async fn #name(#inputs) #output #body
            let place = #krate::testing::Place {
                package: ::core::env!("CARGO_PKG_NAME"),
                module: ::core::module_path!(),
                name: ::core::stringify!(#name),
            };
            #krate::testing::run(&place, #seeds, #name)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(arguments: TokenStream, item: TokenStream) -> std::result::Result<String, String> {
        expand(arguments, item).map(|tokens| tokens.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_test_becomes_one_over_its_seeds() {
        let text = expanded(
            quote!(seeds = 20),
            quote! {
                #[should_panic]
                async fn it_holds(sim: Sim) -> TestResult { Ok(()) }
            },
        )
        .unwrap();
        syn::parse_str::<ItemFn>(&text).unwrap();
        for part in [
            "# [should_panic]",
            "fn it_holds ()",
            "20u64 , it_holds",
            "async fn it_holds (sim : Sim) -> TestResult",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn one_seed_unless_said_otherwise_and_any_path() {
        let item = quote!(
            async fn t(_: Sim) {}
        );
        assert!(
            expanded(quote!(), item.clone()).unwrap().contains(":: p2psim :: testing :: run (& place , 1u64")
        );
        let moved = expanded(quote!(crate = house::sim, seeds = 2,), item).unwrap();
        assert!(moved.contains("house :: sim :: testing :: run (& place , 2u64"), "{moved}");
    }

    #[test]
    fn what_is_no_test_is_told_why() {
        let good = quote!(
            async fn t(sim: Sim) {}
        );
        for (arguments, item, text) in [
            (quote!(seeds = 0), good.clone(), "at least 1"),
            (quote!(seeds = many), good.clone(), "integer"),
            (quote!(sedes = 3), good.clone(), "unknown argument `sedes`"),
            (quote!(seeds), good, "expected `=`"),
            (
                quote!(),
                quote!(
                    fn t(sim: Sim) {}
                ),
                "is an `async fn`",
            ),
            (
                quote!(),
                quote!(
                    async fn t() {}
                ),
                "takes it, and nothing else",
            ),
            (
                quote!(),
                quote!(
                    async fn t(a: Sim, b: u8) {}
                ),
                "takes it, and nothing else",
            ),
            (
                quote!(),
                quote!(
                    async fn t<T>(sim: Sim) {}
                ),
                "no type parameters",
            ),
            (
                quote!(),
                quote!(
                    struct Test;
                ),
                "expected",
            ),
        ] {
            let error = expanded(arguments, item).unwrap_err();
            assert!(error.contains(text), "{text:?} in {error:?}");
        }
    }
}
