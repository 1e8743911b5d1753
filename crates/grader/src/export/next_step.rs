//! The next step after an exception: one entry per kind of message.

mod kind;
mod shapes;

use kind::{Kind, Message};

use crate::submission::Failure;

/// The guard below which code stays that is not for importing.
const GUARD: &str = "`if __name__ == \"__main__\":`";

/// The course's functions.
const SIGNATURES: &str = "`spatial_batchnorm_forward(x, gamma, beta, bn_param)` and \
                          `spatial_batchnorm_backward(dout, cache)`";

/// NumPy's names that went, with what to use instead. Where NumPy's own message says that, no entry
/// is needed.
const NUMPY_NAMES: [(&str, &str, &str); 19] = [
    ("product", "2.0", "`np.prod`"),
    ("cumproduct", "2.0", "`np.cumprod`"),
    ("alltrue", "2.0", "`np.all`"),
    ("sometrue", "2.0", "`np.any`"),
    ("in1d", "2.4", "`np.isin`"),
    ("trapz", "2.4", "`np.trapezoid`"),
    ("msort", "2.0", "`np.sort(x, axis=0)`"),
    ("round_", "2.0", "`np.round`"),
    ("NAN", "2.0", "`np.nan`"),
    ("asscalar", "1.23", "`x.item()`"),
    ("rank", "1.18", "`x.ndim`"),
    ("alen", "1.23", "`len(x)`"),
    ("bool8", "2.0", "`np.bool_`"),
    ("float", "1.24", "`float` or `np.float64`"),
    ("int", "1.24", "`int` or `np.int64`"),
    ("bool", "1.24", "`bool`"),
    ("complex", "1.24", "`complex`"),
    ("object", "1.24", "`object`"),
    ("str", "1.24", "`str`"),
];

/// Names of Python 2, with those of Python 3.
const PYTHON_2_NAMES: [(&str, &str); 14] = [
    ("xrange", "range"),
    ("raw_input", "input"),
    ("unicode", "str"),
    ("basestring", "str"),
    ("long", "int"),
    ("reduce", "functools.reduce"),
    ("izip", "zip"),
    ("iteritems", "items"),
    ("itervalues", "values"),
    ("iterkeys", "keys"),
    ("has_key", "in"),
    ("cPickle", "pickle"),
    ("urllib2", "urllib.request"),
    ("StringIO", "io.StringIO"),
];

/// What the course's tests leave out of `bn_param`, with how to read it.
const PARAMETERS: [(&str, &str); 4] = [
    ("eps", "bn_param.get(\"eps\", 1e-5)"),
    ("momentum", "bn_param.get(\"momentum\", 0.9)"),
    ("running_mean", "bn_param.get(\"running_mean\", np.zeros(C))"),
    ("running_var", "bn_param.get(\"running_var\", np.zeros(C))"),
];

/// All kinds but those of shapes. The first that fits counts.
const KINDS: [Kind; 32] = [
    Kind {
        signs: &Failure::UNWRITTEN,
        step: |message| {
            if let Some((function, _)) = message.text.split_once(" returned nothing but zeros") {
                return Some(format!("Nothing was computed. Is `{function}` written yet?"));
            }
            let at = message.line.map_or(String::new(), |line| format!(" at {line}"));
            Some(format!("This function is not written yet. Write it{at}."))
        },
    },
    Kind {
        signs: &[" returned None, expected ("],
        step: |message| {
            let (function, results) = message.text.split_once(" returned None, expected (")?;
            let results = results.split(')').next()?;
            Some(format!("Is `{function}` written yet? If it is, end it with `return {results}`."))
        },
    },
    Kind {
        signs: &[" returned "],
        step: |message| {
            let (_, results) = message.text.split_once(", expected (")?;
            let results = results.split(')').next()?;
            Some(format!("Return all of them in this order: `return {results}`."))
        },
    },
    Kind {
        signs: &[" is None"],
        step: |message| {
            let result = message.text.strip_suffix(" is None")?;
            Some(format!("Nothing was computed for `{result}`. Is that part written yet?"))
        },
    },
    Kind {
        signs: &[" has a class "],
        step: |message| {
            let (_, class) = message.text.split_once(" has a class ")?;
            let class = class.split([',', ' ']).next()?;
            Some(format!(
                "Your file has a class `{class}`. The course calls functions: write {SIGNATURES} \
                 outside of any class."
            ))
        },
    },
    Kind {
        signs: &[" has no function "],
        step: |message| {
            if let Some((class, method)) = message.text.rsplit(' ').next()?.split_once('.') {
                return Some(format!("Write `{method}` in the class `{class}`."));
            }
            let missing = if message.text.ends_with(" spatial_batchnorm_backward") {
                "`spatial_batchnorm_backward(dout, cache)`"
            } else {
                SIGNATURES
            };
            Some(format!(
                "Write {missing} outside of any class. Is this the right file, and is each name \
                 spelt so?"
            ))
        },
    },
    Kind {
        signs: &["Missing parentheses in call to 'print'"],
        step: |message| {
            Some(format!("{} Put parentheses around what `print` prints.", python_2(message)))
        },
    },
    Kind {
        signs: &[
            "Missing parentheses in call to 'exec'",
            "multiple exception types must be parenthesized",
            "leading zeros in decimal integer literals",
            "Function parameters cannot be parenthesized",
            "Did you mean \"print(",
        ],
        step: |message| Some(python_2(message)),
    },
    Kind {
        signs: &["invalid syntax", "invalid decimal literal"],
        step: |message| {
            let statement = message.statement?;
            let is_number = |word: &str| {
                word.strip_suffix('L').is_some_and(|digits| digits.parse::<u64>().is_ok())
            };
            let raises = statement.starts_with("raise ") && statement.contains(", ");
            let is_python_2 = raises
                || ["print ", "<>", "ur\"", "ur'"].iter().any(|sign| statement.contains(sign))
                || statement.split(|letter: char| !letter.is_alphanumeric()).any(is_number);
            is_python_2.then(|| python_2(message))
        },
    },
    Kind {
        signs: &["is not defined", "has no attribute", "is not there when"],
        step: |message| {
            let is_named = |name: &str| {
                let quoted = format!("'{name}'");
                message.text.contains(&quoted)
                    || message.text.contains(&format!(" {name}."))
                    || message.text.contains(&format!(" {name} is not there"))
            };
            let (old, new) = PYTHON_2_NAMES.into_iter().find(|(old, _)| is_named(old))?;
            Some(format!("`{old}` is Python 2; the course now runs Python 3. Use `{new}`."))
        },
    },
    Kind {
        signs: &["SyntaxError", "get_ipython"],
        step: |message| {
            let of_notebook = message.text.contains("get_ipython")
                || message.statement.is_some_and(|line| line.starts_with(['%', '!']));
            let line = message.line.unwrap_or("that line");
            of_notebook.then(|| format!("A command of the notebook is no Python. Take {line} out."))
        },
    },
    Kind {
        signs: &["TabError"],
        step: |_| Some("Python 3 allows no mix of tabs and spaces. Indent by spaces alone.".into()),
    },
    Kind {
        signs: &["SyntaxError", "IndentationError"],
        step: |message| {
            let line = message.line.unwrap_or("that line");
            Some(format!(
                "Python cannot read the file beyond {line}, so nothing of it ran. Mend {line} or \
                 the one before."
            ))
        },
    },
    Kind {
        // NumPy's own advice.
        signs: &["was removed in the NumPy 2.0 release. ", "in NumPy 2.0. "],
        step: |message| {
            let name = message.text.split('`').nth(1)?;
            let (_, advice) = message
                .text
                .split_once(" 2.0 release. ")
                .or_else(|| message.text.split_once(" 2.0. "))?;
            let advice = advice.split(" (").next()?.trim_end_matches('.');
            let advice = advice.strip_prefix("Use ").map_or_else(
                || advice.to_owned(),
                |instead| format!("use {}", instead.trim_end_matches(" instead")),
            );
            Some(format!("`{name}` went with NumPy 2.0: {advice}."))
        },
    },
    Kind {
        signs: &["module 'numpy' has no attribute '"],
        step: |message| {
            let (_, name) = message.text.split_once("has no attribute '")?;
            let name = name.split('\'').next()?;
            let known = NUMPY_NAMES.into_iter().find(|(old, ..)| *old == name);
            Some(match known {
                Some((_, version, instead)) => {
                    format!("`np.{name}` went with NumPy {version}: use {instead}.")
                }
                None => format!("NumPy has no `{name}`. Is the name spelt right?"),
            })
        },
    },
    Kind {
        signs: &["Unable to avoid copy while creating an array"],
        step: |_| {
            Some(
                "`np.array(x, copy=False)` refuses to copy since NumPy 2.0: use `np.asarray(x)`."
                    .into(),
            )
        },
    },
    Kind {
        signs: &["'numpy.ndarray' object has no attribute '"],
        step: |message| {
            let (_, name) = message.text.split_once("has no attribute '")?;
            let name = name.split('\'').next()?;
            let at = message.line.map_or(String::new(), |line| format!(" in {line}"));
            Some(format!("Arrays have no `{name}`. Is the name spelt right{at}?"))
        },
    },
    Kind {
        signs: &["'float' object cannot be interpreted as an integer"],
        step: |_| Some("In Python 3, `/` gives a float. Use `//` where you count.".into()),
    },
    Kind {
        signs: &["name 'np' is not defined"],
        step: |_| Some("Add `import numpy as np` at the top of the file.".into()),
    },
    Kind {
        signs: &["is not there when this is graded"],
        step: |_| {
            Some(
                "It is graded without the course's other files. Hand in those that you use, too: all in \
                 one folder or .zip."
                    .into(),
            )
        },
    },
    Kind {
        signs: &["KeyError: '"],
        step: |message| {
            let (_, key) = message.text.split_once("KeyError: '")?;
            let key = key.split('\'').next()?;
            if key == "mode" {
                return Some(
                    "`mode` is no longer in `bn_param`. Does an earlier call take it out, as `pop` \
                     does?"
                        .into(),
                );
            }
            let (_, read) = PARAMETERS.into_iter().find(|(name, _)| *name == key)?;
            Some(format!(
                "The course's tests hand over `bn_param` with `mode` alone. Read `{key}` with a \
                 default: `{read}`."
            ))
        },
    },
    Kind {
        signs: &["in bn_param after the call is missing"],
        step: |_| {
            Some(
                "Store the running statistics in `bn_param` before you return, as the course \
                 does: `bn_param[\"running_mean\"] = running_mean`."
                    .into(),
            )
        },
    },
    Kind {
        signs: &["took longer than"],
        step: |_| {
            Some(format!(
                "Is there a loop that does not end, or one over every single value, in a function \
                 or outside of them? What trains or tests a network belongs below {GUARD}."
            ))
        },
    },
    Kind {
        signs: &["did not return within"],
        step: |_| {
            Some(
                "Is there a loop whose condition never changes, or one over every single value? \
                 Print what changes from turn to turn."
                    .into(),
            )
        },
    },
    Kind {
        signs: &["overflowed the stack", "RecursionError"],
        step: |_| Some("Which function calls itself, and what ends that?".into()),
    },
    Kind {
        signs: &["was ended by signal 11"],
        step: |_| {
            Some(
                "So ends what calls itself without an end, or uses memory that is not its own. Which \
                 function calls itself?"
                    .into(),
            )
        },
    },
    Kind {
        signs: &["ended the program with exit code", "aborted the program"],
        step: |_| {
            Some("A function returns a result or an error. Remove what ends the program.".into())
        },
    },
    Kind {
        signs: &["took more memory than its limit"],
        step: |_| {
            Some(
                "Which array grows, or has more values than x? Print the shapes that you make."
                    .into(),
            )
        },
    },
    Kind {
        signs: &["SystemExit"],
        step: |message| {
            let line = message.line.unwrap_or("A line of the file");
            let line = line.replacen('l', "L", 1);
            Some(format!("{line} ends Python. Remove it, or put it below {GUARD}."))
        },
    },
    Kind {
        signs: &["FileNotFoundError"],
        step: |_| {
            Some(format!("The file is graded without any data. Put what reads it below {GUARD}."))
        },
    },
    Kind {
        signs: &["EOFError"],
        step: |_| {
            Some(format!("Nobody answers `input` when this is graded. Put it below {GUARD}."))
        },
    },
    Kind {
        signs: &["positional argument"],
        step: |message| {
            message
                .text
                .contains("spatial_batchnorm_")
                .then(|| format!("The course calls {SIGNATURES}. Take these arguments."))
        },
    },
];

/// What to do about an exception with this message, in one or two sentences, if its kind is known.
pub(crate) fn next_step(message: &str) -> Option<String> {
    let message = Message::of(message);
    let fits = |kind: &&Kind| kind.signs.iter().any(|sign| message.text.contains(sign));
    KINDS.iter().chain(&shapes::KINDS).filter(fits).find_map(|kind| (kind.step)(&message))
}

/// Whether a message says that a function is not written yet.
pub(super) fn is_unwritten(message: &str) -> bool {
    Failure::says_unwritten(message)
}

/// The place that a message names at its end, as in "layers.py, line 14".
pub(super) fn place(message: &str) -> Option<&str> {
    let (_, place) = message.strip_suffix(')')?.rsplit_once(" (")?;
    place.contains(", line ").then_some(place)
}

/// Whether a message tells of another failure's consequence alone.
pub(super) fn is_consequence(message: &str) -> bool {
    message == Failure::FORWARD_FAILED
}

/// That a statement is Python 2.
fn python_2(message: &Message<'_>) -> String {
    let parts =
        [message.statement.map(|code| format!("`{code}`")), message.line.map(str::to_owned)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let colon = if parts.is_empty() { "" } else { ": " };
    format!("This is Python 2{colon}{}; the course now runs Python 3.", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_next_step() {
        for (message, step) in [
            (
                "SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)?: \
                 `print x` (layers.py, line 118)",
                "This is Python 2: `print x`, line 118; the course now runs Python 3. Put \
                 parentheses around what `print` prints.",
            ),
            (
                "SyntaxError: multiple exception types must be parenthesized: `except ValueError, \
                 e:` (a.py, line 3)",
                "This is Python 2: `except ValueError, e:`, line 3; the course now runs Python 3.",
            ),
            (
                "SyntaxError: invalid syntax: `raise ValueError, \"mode\"` (a.py, line 9)",
                "This is Python 2: `raise ValueError, \"mode\"`, line 9; the course now runs \
                 Python 3.",
            ),
            (
                "SyntaxError: invalid decimal literal: `n = 10L` (a.py, line 9)",
                "This is Python 2: `n = 10L`, line 9; the course now runs Python 3.",
            ),
            (
                "SyntaxError: '(' was never closed: `a = (1` (a.py, line 9)",
                "Python cannot read the file beyond line 9, so nothing of it ran. Mend line 9 or \
                 the one before.",
            ),
            (
                "SyntaxError: invalid syntax: `%matplotlib inline` (a.py, line 2)",
                "A command of the notebook is no Python. Take line 2 out.",
            ),
            (
                "NameError: name 'xrange' is not defined (a.py, line 7)",
                "`xrange` is Python 2; the course now runs Python 3. Use `range`.",
            ),
            (
                "ImportError: cPickle.load is not there when this is graded",
                "`cPickle` is Python 2; the course now runs Python 3. Use `pickle`.",
            ),
            (
                "ImportError: cs231n.layers.batchnorm_forward is not there when this is graded \
                 (a.py, line 6)",
                "It is graded without the course's other files. Hand in those that you use, too: \
                 all in one folder or .zip.",
            ),
            (
                "AttributeError: module 'numpy' has no attribute 'product' (a.py, line 32)",
                "`np.product` went with NumPy 2.0: use `np.prod`.",
            ),
            (
                "AttributeError: module 'numpy' has no attribute 'float'. `np.float` was a \
                 deprecated alias for the builtin `float`. (a.py, line 3)",
                "`np.float` went with NumPy 1.24: use `float` or `np.float64`.",
            ),
            (
                "AttributeError: `np.float_` was removed in the NumPy 2.0 release. Use \
                 `np.float64` instead. (a.py, line 3)",
                "`np.float_` went with NumPy 2.0: use `np.float64`.",
            ),
            (
                "AttributeError: `np.sctypes` was removed in the NumPy 2.0 release. Access dtypes \
                 explicitly instead.",
                "`np.sctypes` went with NumPy 2.0: Access dtypes explicitly instead.",
            ),
            (
                "AttributeError: module 'numpy' has no attribute 'meen' (a.py, line 3)",
                "NumPy has no `meen`. Is the name spelt right?",
            ),
            (
                "AttributeError: 'numpy.ndarray' object has no attribute 'meann' (a.py, line 14)",
                "Arrays have no `meann`. Is the name spelt right in line 14?",
            ),
            (
                "NotImplementedError: TODO (notimpl.py, line 2)",
                "This function is not written yet. Write it at line 2.",
            ),
            (
                "not yet implemented: spatial_batchnorm_forward in spatial_batchnorm.rs",
                "This function is not written yet. Write it.",
            ),
            (
                "spatial_batchnorm_forward returned None, expected (out, cache)",
                "Is `spatial_batchnorm_forward` written yet? If it is, end it with `return out, \
                 cache`.",
            ),
            (
                "spatial_batchnorm_backward returned 2 results, expected (dx, dgamma, dbeta)",
                "Return all of them in this order: `return dx, dgamma, dbeta`.",
            ),
            ("out is None", "Nothing was computed for `out`. Is that part written yet?"),
            (
                "a.py has a class SpatialBatchNorm, expected functions spatial_batchnorm_forward \
                 and spatial_batchnorm_backward",
                "Your file has a class `SpatialBatchNorm`. The course calls functions: write \
                 `spatial_batchnorm_forward(x, gamma, beta, bn_param)` and \
                 `spatial_batchnorm_backward(dout, cache)` outside of any class.",
            ),
            (
                "the program was ended, since it took longer than 10 seconds",
                "Is there a loop that does not end, or one over every single value, in a function \
                 or outside of them? What trains or tests a network belongs below `if __name__ == \
                 \"__main__\":`.",
            ),
            (
                "SystemExit: 2 (a.py, line 40)",
                "Line 40 ends Python. Remove it, or put it below `if __name__ == \"__main__\":`.",
            ),
            (
                "EOFError: EOF when reading a line (a.py, line 4)",
                "Nobody answers `input` when this is graded. Put it below `if __name__ == \
                 \"__main__\":`.",
            ),
            (
                "a.py has no function SpatialBatchNorm.backward",
                "Write `backward` in the class `SpatialBatchNorm`.",
            ),
            (
                "KeyError: 'eps' (a.py, line 4)",
                "The course's tests hand over `bn_param` with `mode` alone. Read `eps` with a \
                 default: `bn_param.get(\"eps\", 1e-5)`.",
            ),
            (
                "KeyError: 'mode' (a.py, line 4)",
                "`mode` is no longer in `bn_param`. Does an earlier call take it out, as `pop` \
                 does?",
            ),
            (
                "RecursionError: maximum recursion depth exceeded (a.py, line 7)",
                "Which function calls itself, and what ends that?",
            ),
            (
                "spatial_batchnorm_backward returned nothing but zeros",
                "Nothing was computed. Is `spatial_batchnorm_backward` written yet?",
            ),
            ("name 'np' is not defined", "Add `import numpy as np` at the top of the file."),
        ] {
            assert_eq!(next_step(message).as_deref(), Some(step), "{message}");
        }
    }

    #[test]
    fn other_messages_have_no_next_step() {
        for message in [
            "ValueError: cannot reshape array (a.py, line 3)",
            "KeyError: 'other' (a.py, line 3)",
            "TypeError: f() takes 1 positional argument but 2 were given (a.py, line 3)",
            "",
        ] {
            assert_eq!(next_step(message), None, "{message}");
        }
    }

    #[test]
    fn every_kind_is_reached_by_its_sign_and_every_name_is_its_own() {
        for (nth, (name, ..)) in NUMPY_NAMES.iter().enumerate() {
            assert!(NUMPY_NAMES[..nth].iter().all(|(other, ..)| other != name), "{name}");
        }
        assert!(KINDS.iter().chain(&shapes::KINDS).all(|kind| !kind.signs.is_empty()));
    }
}
