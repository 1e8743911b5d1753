//! All tests of the grader from outside but those that count memory: one program, which is linked once.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod adding_a_case;
mod class;
mod compare;
mod kernels_against_fixtures;
mod marks;
mod mistakes;
mod protocol;
mod rubric_parts;
mod submissions;
mod training_cases;
mod verify_names_damage;
