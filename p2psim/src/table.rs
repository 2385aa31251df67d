//! Columns of text as Go's `text/tabwriter` sets them with a minimal width of 1 and two spaces of padding.

/// Every cell but a row's last is padded to its column's width and two spaces more; each row ends its line.
pub(crate) fn table<R: AsRef<[C]>, C: AsRef<str>>(rows: &[R]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        let cells = row.as_ref();
        for (column, cell) in cells.iter().take(cells.len().saturating_sub(1)).enumerate() {
            if widths.len() == column {
                widths.push(0);
            }
            widths[column] = widths[column].max(width(cell.as_ref()));
        }
    }
    let mut text = String::new();
    for row in rows {
        let cells = row.as_ref();
        for (column, cell) in cells.iter().enumerate() {
            text.push_str(cell.as_ref());
            if column + 1 < cells.len() {
                let padding = widths[column] + 2 - width(cell.as_ref());
                text.extend(std::iter::repeat_n(' ', padding));
            }
        }
        text.push('\n');
    }
    text
}

/// Tabwriter counts characters, whatever their width on a screen.
fn width(cell: &str) -> usize {
    cell.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_original_prints_them() {
        for (rows, text) in [
            (vec![vec!["NODES", "3"], vec!["CONNS", "1"]], "NODES  3\nCONNS  1\n"),
            (vec![vec!["NAME", "PROTOCOLS", "ID"]], "NAME  PROTOCOLS  ID\n"),
            (
                vec![vec!["NAME", "PROTOCOLS", "ID"], vec!["", "", "7e"], vec!["node01", "", "72"]],
                "NAME    PROTOCOLS  ID\n                   7e\nnode01             72\n",
            ),
            (vec![vec!["NAME", "node01"], vec!["PROTOCOLS", ""]], "NAME       node01\nPROTOCOLS  \n"),
            (vec![vec!["größe", "1"], vec!["b", "2"]], "größe  1\nb      2\n"),
        ] {
            assert_eq!(table(&rows), text);
        }
        assert_eq!(table::<[&str; 0], &str>(&[]), "");
    }
}
