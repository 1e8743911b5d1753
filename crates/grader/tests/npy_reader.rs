//! No bytes make the reader of .npy files panic, overflow its stack, or allocate much more than it
//! was given. `PROPTEST_CASES=1000000 cargo test -p grader --test npy_reader` runs it for longer.

#![allow(unsafe_code, reason = "an allocator that counts is an unsafe trait")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use grader::npy::{HEADER_LIMIT, NpyError, parse};
use grader::tensor::Dtype;
use proptest::prelude::*;

/// Counts the bytes that each thread holds, and the most it has held.
struct Counting;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
    static MOST: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.set(HELD.get().wrapping_add(layout.size()));
        MOST.set(MOST.get().max(HELD.get()));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.set(HELD.get().saturating_sub(layout.size()));
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What parsing the longest header may take, whatever the body.
const FOR_HEADER: usize = 8 << 20;

/// Parses, and checks what it took; the property is that this returns.
fn read(bytes: &[u8]) -> Result<(Dtype, Vec<usize>), NpyError> {
    let start = Instant::now();
    let before = HELD.get();
    MOST.set(before);
    let result = parse(bytes);
    let taken = MOST.get().saturating_sub(before);
    assert!(taken <= FOR_HEADER + 3 * bytes.len(), "{taken} bytes taken for {}", bytes.len());
    assert!(start.elapsed() < Duration::from_secs(5), "took {:?}", start.elapsed());
    if let Err(error) = &result {
        assert!(error.to_string().len() < 1000, "a message of {} bytes", error.to_string().len());
    }
    result.map(|tensor| {
        let values: usize = tensor.shape().iter().product();
        assert!(values * tensor.dtype().size() <= bytes.len());
        (tensor.dtype(), tensor.shape().to_vec())
    })
}

fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

fn file(version: u8, header: &[u8], body: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY".to_vec();
    bytes.extend([version, 0]);
    let length = u32::try_from(header.len()).unwrap().to_le_bytes();
    bytes.extend(if version == 1 { &length[..2] } else { &length[..] });
    bytes.extend(header);
    bytes.extend(body);
    bytes
}

#[test]
fn the_corpus_is_read_or_refused_as_its_names_say() {
    let files = corpus();
    assert!(files.len() > 20);
    let mut messages = String::new();
    for (name, bytes) in files {
        let result = read(&bytes);
        assert_eq!(result.is_ok(), name.starts_with("good_"), "{name}");
        if let Err(error) = result {
            writeln!(messages, "{name}: {error}").unwrap();
        }
    }
    insta::assert_snapshot!("corpus", messages);
}

#[test]
fn every_beginning_of_a_file_is_refused() {
    for (name, bytes) in corpus().iter().filter(|(name, _)| name.starts_with("good_")) {
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "{length} bytes of {name}");
        }
    }
}

#[test]
fn deep_brackets_are_refused_before_any_parser_recurses() {
    for bracket in ["(", "[", "{", "{1:", "((1,),", "'(", "{'a':("] {
        for version in [1, 2, 3] {
            for times in [5, 30, 1000, HEADER_LIMIT / bracket.len() - 1, 60_000 / bracket.len()] {
                let mut header = bracket.repeat(times).into_bytes();
                header.push(b'\n');
                assert!(read(&file(version, &header, &[])).is_err());
            }
        }
    }
}

#[test]
fn long_flat_headers_take_no_time() {
    for part in ["1,", "(1,),", "'a':1,", "+", "-", "1+", "'\\x41'", "[],", "{},", "{1},", " ", "9"]
    {
        for (start, end) in [("(", ")"), ("{", "}"), ("[", "]"), ("", "")] {
            let mut header = start.as_bytes().to_vec();
            header.extend(part.repeat((HEADER_LIMIT - 10) / part.len()).into_bytes());
            header.extend(end.bytes().chain([b'\n']));
            assert!(read(&file(1, &header, &[])).is_err());
        }
    }
}

fn literal() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<i128>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| format!("{number:e}")),
        "[0-9]{1,40}j?",
        Just("True".to_owned()),
        Just("False".to_owned()),
        Just("None".to_owned()),
        "'[<>|=]?[a-zA-Z][0-9]{0,3}'",
        "b?'(\\\\x?[0-9a-f]{2}|\\\\[0-7]{1,3}|\\\\N\\{A\\}|\\\\u[0-9a-f]{4}|[ -&]){0,6}'",
        "[-+ 0-9xXoObB_.eEjJ]{1,12}",
    ];
    leaf.prop_recursive(5, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| {
                items.iter().fold("(".to_owned(), |text, item| text + item + ", ") + ")"
            }),
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("{{{}}}", items.join(", "))),
            prop::collection::vec((inner.clone(), inner), 0..4).prop_map(|items| {
                items
                    .iter()
                    .fold("{".to_owned(), |text, (key, value)| text + key + ": " + value + ", ")
                    + "}"
            }),
        ]
    })
}

fn shape() -> impl Strategy<Value = String> {
    let axis = prop_oneof![0_u64..5, any::<u64>(), Just(1 << 62), Just(u64::MAX / 8)];
    prop_oneof![
        prop::collection::vec(axis, 0..6).prop_map(|axes| {
            axes.iter().fold("(".to_owned(), |text, axis| format!("{text}{axis}, ")) + ")"
        }),
        literal(),
    ]
}

fn descriptor() -> impl Strategy<Value = String> {
    prop_oneof![
        "'[<>|=]?[fiubOcSUVM][0-9]{1,2}'",
        prop::sample::select(vec!["'<f8'", "'>f4'", "'<i8'", "'|b1'", "'|O'", "[('a', '<f8')]"])
            .prop_map(str::to_owned),
        literal(),
    ]
}

proptest! {
    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let _ = read(&bytes);
    }

    #[test]
    fn random_headers(
        version in 1_u8..=3,
        header in prop::collection::vec(any::<u8>(), 0..300),
        body in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let _ = read(&file(version, &header, &body));
        let printable: Vec<u8> = header.iter().map(|byte| b' ' + byte % 95).chain([b'\n']).collect();
        let _ = read(&file(version, &printable, &body));
    }

    #[test]
    fn literals_in_the_place_of_a_header(version in 1_u8..=3, literal in literal()) {
        let _ = read(&file(version, format!("{literal}\n").as_bytes(), &[]));
    }

    #[test]
    fn headers_of_the_right_form_with_any_values(
        version in 1_u8..=3,
        descriptor in descriptor(),
        order in prop_oneof![Just("True".to_owned()), Just("False".to_owned()), literal()],
        shape in shape(),
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let header =
            format!("{{'descr': {descriptor}, 'fortran_order': {order}, 'shape': {shape}, }}\n");
        let _ = read(&file(version, header.as_bytes(), &body));
    }

    #[test]
    fn mutations_of_the_corpus(
        seed in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 1..8),
    ) {
        let files = corpus();
        let mut bytes = seed.get(&files).1.clone();
        for (place, value, kind) in edits {
            if bytes.is_empty() {
                bytes.push(value);
            }
            let place = place.index(bytes.len());
            match kind {
                0 => bytes[place] = value,
                1 => bytes.insert(place, value),
                2 => drop(bytes.remove(place)),
                _ => bytes.truncate(place),
            }
        }
        let _ = read(&bytes);
    }
}
