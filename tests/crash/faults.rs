//! Operations on the disk that fail.
