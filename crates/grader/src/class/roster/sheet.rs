//! A CSV file in which single cells can be replaced while every other byte stays as it is.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// What parts the cells of a line. Excel writes semicolons where numbers have commas.
const DELIMITERS: [char; 3] = [',', ';', '\t'];

/// What to do with a file in another encoding.
const UTF_8: &str = "UTF-8; save the file as \"CSV UTF-8\"";

/// A CSV file: its cells, and the text that they come from.
#[derive(Debug)]
pub(crate) struct Sheet {
    encoding: Encoding,
    text: String,
    delimiter: char,
    /// Without blank lines. The first is the header.
    rows: Vec<Vec<Cell>>,
}

/// One cell.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    /// What it says, without quotation marks around it.
    pub(crate) value: String,
    pub(crate) place: Place,
    /// Where it is in the text, with its quotation marks.
    span: Range<usize>,
}

/// Where a cell begins: its line, and the character in that line, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    line: usize,
    column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}", self.line, self.column)
    }
}

/// What is wrong with a file, as in "line 2, column 5: found this, expected that".
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    place: Place,
    pub(crate) found: String,
    pub(crate) expected: String,
}

impl Flaw {
    pub(crate) fn new(place: Place, found: &str, expected: &str) -> Self {
        Self { place, found: found.to_owned(), expected: expected.to_owned() }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, found, expected } = self;
        write!(formatter, "{place}: found {found}, expected {expected}")
    }
}

/// How the text is stored. Those but plain UTF-8 begin with a byte order mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf8WithMark,
    Utf16LittleEndian,
    Utf16BigEndian,
}

impl Encoding {
    fn mark(self) -> &'static [u8] {
        match self {
            Self::Utf8 => &[],
            Self::Utf8WithMark => &[0xef, 0xbb, 0xbf],
            Self::Utf16LittleEndian => &[0xff, 0xfe],
            Self::Utf16BigEndian => &[0xfe, 0xff],
        }
    }

    fn of(bytes: &[u8]) -> Self {
        let marked = [Self::Utf8WithMark, Self::Utf16LittleEndian, Self::Utf16BigEndian];
        let found = marked.into_iter().find(|encoding| bytes.starts_with(encoding.mark()));
        found.unwrap_or(Self::Utf8)
    }

    fn decode(self, bytes: &[u8]) -> Result<String, Flaw> {
        let bytes = &bytes[self.mark().len()..];
        let unit: fn([u8; 2]) -> u16 = match self {
            Self::Utf8 | Self::Utf8WithMark => return of_utf8(bytes),
            Self::Utf16LittleEndian => u16::from_le_bytes,
            Self::Utf16BigEndian => u16::from_be_bytes,
        };
        let (pairs, rest) = bytes.as_chunks::<2>();
        let mut text = String::new();
        for letter in char::decode_utf16(pairs.iter().map(|&pair| unit(pair))) {
            let letter = letter.map_err(|_| not_text(&text, "half of a character"))?;
            text.push(letter);
        }
        if rest.is_empty() { Ok(text) } else { Err(not_text(&text, "half of a character")) }
    }

    fn encode(self, text: &str) -> Vec<u8> {
        let mut bytes = self.mark().to_vec();
        match self {
            Self::Utf8 | Self::Utf8WithMark => bytes.extend(text.as_bytes()),
            Self::Utf16LittleEndian => bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes)),
            Self::Utf16BigEndian => bytes.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
        }
        bytes
    }
}

fn of_utf8(bytes: &[u8]) -> Result<String, Flaw> {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    let text = match std::str::from_utf8(&bytes[..end]) {
        Ok(text) => text,
        Err(error) => {
            let (before, after) = bytes.split_at(error.valid_up_to());
            let found = format!("the byte {:#04x}", after.first().copied().unwrap_or_default());
            return Err(not_text(&String::from_utf8_lossy(before), &found));
        }
    };
    if end < bytes.len() { Err(not_text(text, "the byte 0x00")) } else { Ok(text.to_owned()) }
}

/// The flaw of a file that is no text after this one.
fn not_text(before: &str, found: &str) -> Flaw {
    let line = before.rsplit('\n').next().unwrap_or_default();
    let place = Place { line: 1 + before.matches('\n').count(), column: 1 + line.chars().count() };
    Flaw::new(place, found, UTF_8)
}

impl Sheet {
    /// The cells of a file, which must have a header, and no cell that stands under no heading.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Flaw> {
        let encoding = Encoding::of(bytes);
        let text = encoding.decode(bytes)?;
        let delimiter = delimiter_of(&text);
        let rows = rows_of(&text, delimiter)?;
        let Some(header) = rows.first() else {
            return Err(Flaw::new(Place { line: 1, column: 1 }, "nothing", "a header"));
        };
        let headings = header.len();
        let is_filled = |cell: &&Cell| !cell.value.trim().is_empty();
        let too_many = rows.iter().find_map(|row| row.iter().skip(headings).find(is_filled));
        if let Some(cell) = too_many {
            let expected = format!(
                "{headings} cells, one per heading; put a cell that has a {} in it into quotation \
                 marks",
                name_of(delimiter)
            );
            return Err(Flaw::new(cell.place, &format!("the cell {:?}", cell.value), &expected));
        }
        Ok(Self { encoding, text, delimiter, rows })
    }

    /// The lines that are not blank. The first is the header.
    pub(crate) fn rows(&self) -> &[Vec<Cell>] {
        &self.rows
    }

    pub(crate) fn header(&self) -> &[Cell] {
        self.rows.first().map_or(&[], Vec::as_slice)
    }

    /// The column with this heading.
    pub(crate) fn column(&self, heading: &str) -> Option<usize> {
        self.header().iter().position(|cell| cell.value.trim() == heading)
    }

    /// What a cell says, without blanks around it; nothing if the row has no such cell.
    pub(crate) fn value(&self, row: usize, column: usize) -> &str {
        self.cell(row, column).map_or("", |cell| cell.value.trim())
    }

    pub(crate) fn cell(&self, row: usize, column: usize) -> Option<&Cell> {
        self.rows.get(row).and_then(|row| row.get(column))
    }

    /// The file with other values in these cells, by row and column.
    pub(crate) fn with(&self, values: &BTreeMap<(usize, usize), String>) -> Vec<u8> {
        let (mut text, mut copied) = (String::new(), 0);
        for (&(row, column), value) in values {
            let Some(cell) = self.cell(row, column) else { continue };
            text.push_str(&self.text[copied..cell.span.start]);
            text.push_str(&self.quoted(value));
            copied = cell.span.end;
        }
        text.push_str(&self.text[copied..]);
        self.encoding.encode(&text)
    }

    fn quoted(&self, value: &str) -> String {
        if value.contains([self.delimiter, '"', '\r', '\n']) {
            format!("\"{}\"", value.replace('"', "\"\""))
        } else {
            value.to_owned()
        }
    }
}

fn name_of(delimiter: char) -> &'static str {
    match delimiter {
        ';' => "semicolon",
        '\t' => "tab",
        _ => "comma",
    }
}

/// The delimiter that the header has most of.
fn delimiter_of(text: &str) -> char {
    if let Some(delimiter) = named_delimiter(text) {
        return delimiter;
    }
    let mut is_quoted = false;
    let header = text.trim_start().chars().take_while(|&letter| {
        is_quoted ^= letter == '"';
        is_quoted || !matches!(letter, '\r' | '\n')
    });
    let header: String = header.collect();
    // Every second part is within quotation marks.
    let outside: String = header.split('"').step_by(2).collect();
    let mut found = DELIMITERS[0];
    for delimiter in DELIMITERS {
        if outside.matches(delimiter).count() > outside.matches(found).count() {
            found = delimiter;
        }
    }
    found
}

/// The delimiter that the first line names for Excel: `sep=;`.
fn named_delimiter(text: &str) -> Option<char> {
    let named = text.lines().next()?.strip_prefix("sep=")?;
    DELIMITERS.into_iter().find(|delimiter| named == delimiter.to_string())
}

fn rows_of(text: &str, delimiter: char) -> Result<Vec<Vec<Cell>>, Flaw> {
    let mut reader = Reader { text, at: 0, place: Place { line: 1, column: 1 } };
    let mut rows = Vec::new();
    if named_delimiter(text).is_some() {
        while reader.take().is_some_and(|letter| letter != '\n') {}
    }
    while reader.peek().is_some() {
        let mut row = vec![reader.cell(delimiter)?];
        while reader.take() == Some(delimiter) {
            row.push(reader.cell(delimiter)?);
        }
        if row.iter().any(|cell| !cell.value.trim().is_empty()) {
            rows.push(row);
        }
    }
    Ok(rows)
}

/// A text, read letter by letter.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    place: Place,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    /// The next letter. The end of a line is one letter, however it is written.
    fn take(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += letter.len_utf8();
        if letter == '\r' && self.peek() == Some('\n') {
            return self.take();
        }
        if matches!(letter, '\r' | '\n') {
            self.place = Place { line: self.place.line + 1, column: 1 };
            return Some('\n');
        }
        self.place.column += 1;
        Some(letter)
    }

    fn cell(&mut self, delimiter: char) -> Result<Cell, Flaw> {
        let (start, place) = (self.at, self.place);
        let ends = |letter| letter == delimiter || matches!(letter, '\r' | '\n');
        let value = if self.peek() == Some('"') {
            let value = self.quoted()?;
            if let Some(letter) = self.peek().filter(|&letter| !ends(letter)) {
                let found = format!("{letter:?} after a quotation mark");
                let expected = format!("a {} or the end of the line", name_of(delimiter));
                return Err(Flaw::new(self.place, &found, &expected));
            }
            value
        } else {
            let mut value = String::new();
            while self.peek().is_some_and(|letter| !ends(letter)) {
                value.extend(self.take());
            }
            value
        };
        Ok(Cell { value, place, span: start..self.at })
    }

    fn quoted(&mut self) -> Result<String, Flaw> {
        let start = self.place;
        let mut value = String::new();
        self.take();
        loop {
            match self.take() {
                None => {
                    let found = "a quotation mark that opens a cell";
                    return Err(Flaw::new(start, found, "another that closes it"));
                }
                Some('"') if self.peek() == Some('"') => value.extend(self.take()),
                Some('"') => return Ok(value),
                Some(letter) => value.push(letter),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_read_comes_back_with_one_cell_changed(
            text in "[a;,\"\r\nä]{0,24}",
            value in "[a;,\"\r\nä]{0,4}",
            at in 0_usize..12,
        ) {
            if let Ok(sheet) = Sheet::read(text.as_bytes()) {
                prop_assert_eq!(sheet.with(&BTreeMap::new()), text.as_bytes());
                let places: Vec<(usize, usize)> = (0..sheet.rows.len())
                    .flat_map(|row| (0..sheet.rows[row].len()).map(move |column| (row, column)))
                    .collect();
                let place = places[at % places.len()];
                let written = sheet.with(&BTreeMap::from([(place, value.clone())]));
                let written = String::from_utf8(written).unwrap();
                let of = |text: &str| -> Vec<String> {
                    let rows = rows_of(text, sheet.delimiter).unwrap();
                    rows.into_iter().flatten().map(|cell| cell.value).collect()
                };
                let (mut expected, found) = (of(&text), of(&written));
                let index = places.iter().position(|&known| known == place).unwrap();
                expected[index] = value.replace("\r\n", "\n").replace('\r', "\n");
                // A row that has become blank is no row.
                if found.len() == expected.len() {
                    prop_assert_eq!(found, expected);
                } else {
                    prop_assert!(value.trim().is_empty(), "{:?}", written);
                }
            }
        }
    }

    fn values(text: &str) -> Vec<Vec<String>> {
        let sheet = Sheet::read(text.as_bytes()).unwrap();
        let row = |row: &Vec<Cell>| row.iter().map(|cell| cell.value.clone()).collect();
        sheet.rows().iter().map(row).collect()
    }

    #[test]
    fn cells_are_those_of_the_csv_crate() {
        for text in [
            "id,name\na,\"Doe, Jane\"\r\nb,\"say \"\"hi\"\"\nthere\"\n",
            "id,name\n\n\"ä\",\n,\n",
            "id\na\nb",
            "a,b,c\n1,2\n",
        ] {
            let mut reader = csv::ReaderBuilder::new();
            let mut reader = reader.has_headers(false).flexible(true).from_reader(text.as_bytes());
            let expected: Vec<Vec<String>> = reader
                .records()
                .map(|record| record.unwrap().iter().map(str::to_owned).collect())
                .filter(|row: &Vec<String>| row.iter().any(|cell| !cell.is_empty()))
                .collect();
            assert_eq!(values(text), expected, "{text:?}");
        }
        assert_eq!(values("id;name\na;\"1;2\"\n"), [["id", "name"], ["a", "1;2"]]);
        assert_eq!(values("sep=;\r\nid,1;name\r\na;b\r\n"), [["id,1", "name"], ["a", "b"]]);
        assert_eq!(values("\"x,y\"\tname\na\tb\n"), [["x,y", "name"], ["a", "b"]]);
    }

    #[test]
    fn only_the_cells_that_are_replaced_change_in_every_encoding() {
        let text = "\"id\", name ,mark\r\n\n\"Mü\"\"ller\",\" x\",\r\nb,\"=1\",\"old\"\r\n";
        let expected = text.replace("\" x\",", "\" x\",\"7,5\"").replace("\"old\"", "");
        let new = BTreeMap::from([((1, 2), "7,5".to_owned()), ((2, 2), String::new())]);
        for encoding in [
            Encoding::Utf8,
            Encoding::Utf8WithMark,
            Encoding::Utf16LittleEndian,
            Encoding::Utf16BigEndian,
        ] {
            let bytes = encoding.encode(text);
            let sheet = Sheet::read(&bytes).unwrap();
            assert_eq!(sheet.value(1, 0), "Mü\"ller");
            assert_eq!(sheet.with(&BTreeMap::new()), bytes);
            assert_eq!(sheet.with(&new), encoding.encode(&expected));
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_line_and_column() {
        let refused = |bytes: &[u8]| Sheet::read(bytes).unwrap_err().to_string();
        let latin = refused(b"id,name\nanna,M\xfcller\n");
        assert!(latin.starts_with("line 2, column 7: found the byte 0xfc, expected UTF-8; save"));
        assert!(refused(b"i\0d\0").starts_with("line 1, column 2: found the byte 0x00"));
        assert!(refused(b"\xff\xfei\0\n\0\x00\xd8").starts_with("line 2, column 1: found half"));
        assert_eq!(refused(b" \n"), "line 1, column 1: found nothing, expected a header");
        let open = refused(b"id,name\nanna,\"M\nben,x\n");
        assert!(open.starts_with("line 2, column 6: found a quotation mark that opens"), "{open}");
        let after = refused(b"id,name\n\"anna\"x,y\n");
        assert!(after.starts_with("line 2, column 7: found 'x' after a quotation mark"), "{after}");
        let many = refused("id,name\nä,Doe, Jane\n".as_bytes());
        assert!(many.starts_with("line 2, column 7: found the cell \" Jane\", expected 2 cells"));
        assert!(Sheet::read(b"id,name\na,b,,\n").is_ok());
    }
}
