//! Lists that a node has one of for each of a few things: they grow by a sixth. Doubling would waste more than it saves
//! where there are ten thousand nodes with few peers each; growing by less moves them more often than memory is worth.

/// Makes room for so many more, and some to spare.
pub(crate) fn make_room<T>(list: &mut Vec<T>, more: usize) {
    let len = list.len() + more;
    if len > list.capacity() {
        list.reserve_exact(more + to_spare::<T>(len));
    }
}

/// What a list of that length has to spare when it has just grown: a sixth; one; half a cache line.
pub(crate) fn to_spare<T>(len: usize) -> usize {
    (len / 6).max(32 / size_of::<T>().max(1)).max(1)
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
    fn a_list_has_a_sixth_to_spare_and_moves_seldom() {
        let (mut places, mut moves) = (Vec::new(), 0);
        for number in 0..1_000 {
            let room = places.capacity();
            *place(&mut places, number) = Some(number);
            moves += usize::from(places.capacity() != room);
            assert!(
                places.capacity() <= number + 1 + to_spare::<Option<usize>>(number + 1),
                "{}",
                places.capacity()
            );
        }
        assert!(moves < 45, "{moves}");
        assert_eq!(places.iter().flatten().count(), 1_000);
        *place(&mut places, 1_500) = Some(0);
        assert_eq!((places.len(), places[1_499]), (1_501, None));
    }
}
