//! Lists that a node has one of for each of a few things: they grow by an eighth. Doubling would waste more than it saves
//! where there are ten thousand nodes with few peers each.

/// Makes room for so many more, and an eighth of what there is by then.
pub(crate) fn make_room<T>(list: &mut Vec<T>, more: usize) {
    let len = list.len() + more;
    if len > list.capacity() {
        list.reserve_exact(more + (len - 1) / 8);
    }
}

/// The place of that number; those before it come to be with it.
pub(crate) fn place<T>(places: &mut Vec<Option<T>>, number: usize) -> &mut Option<T> {
    if number >= places.len() {
        let more = number + 1 - places.len();
        make_room(places, more);
        places.resize_with(number + 1, || None);
    }
    &mut places[number]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_an_eighth_to_spare_and_moves_seldom() {
        let (mut places, mut moves) = (Vec::new(), 0);
        for number in 0..1_000 {
            let room = places.capacity();
            *place(&mut places, number) = Some(number);
            moves += usize::from(places.capacity() != room);
            assert!(places.capacity() <= (number + 1) + number / 8, "{}", places.capacity());
        }
        assert!(moves < 60, "{moves}");
        assert_eq!(places.iter().flatten().count(), 1_000);
        *place(&mut places, 1_500) = Some(0);
        assert_eq!((places.len(), places[1_499]), (1_501, None));
    }
}
