//! The name of a data set in the files of a study.

pub use trainer::dataset::DataSet as DataSetName;
