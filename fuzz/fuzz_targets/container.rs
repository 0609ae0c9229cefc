//! A message without a key: object containers with their headers and schemas, frames, anything.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use skysieve::alert::SchemaCache;

fuzz_target!(|bytes: &[u8]| {
    let value = Bytes::copy_from_slice(bytes);
    let _ = SchemaCache::default().open(&Bytes::new(), &value);
});
