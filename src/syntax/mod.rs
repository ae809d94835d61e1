//! From text to tree: the pest grammar's parser, the AST and recovery from what does not parse. Knows nothing of
//! what names mean, and nothing of the disk.

pub mod ast;
