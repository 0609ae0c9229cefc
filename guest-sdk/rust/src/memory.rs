//! The one place with `unsafe` in it: views of the same words as other types, and, on WebAssembly,
//! the memory that module and host share.
//!
//! # SAFETY
//! - Views: a `u64`, an `f64` and an `i64` have the same size, every bit pattern of one is a value
//!   of the other, and WebAssembly aligns all three alike (asserted below for the build machine); a
//!   byte has no alignment. Lifetime and length of the slice are kept.
//! - [`guest::record`]: the host writes a record into the buffer that `skysieve_reserve` gave it and
//!   passes its address. That address and the length that the record states are checked against
//!   the buffer before a slice is made, so a host that errs makes a trap and nothing worse. The
//!   buffer's pages come from `memory.grow` and belong to nothing else in the module. Nobody else
//!   holds a slice of it: WebAssembly has one thread here, an exported function is never entered
//!   while another runs (the one import, `log`, does not call back), and each entry point makes one
//!   slice and drops it before it returns.
//! - [`guest::output`]: the same argument; it is called once in each `skysieve_map`.
#![allow(unsafe_code)]

use core::mem::{align_of, size_of};

const _: () =
    assert!(size_of::<f64>() == size_of::<u64>() && align_of::<f64>() <= align_of::<u64>());
const _: () = assert!(cfg!(target_endian = "little"), "records are little-endian");

/// The same words as floating-point numbers.
#[inline]
pub(crate) fn as_f64s(words: &[u64]) -> &[f64] {
    // SAFETY: see the top of the file.
    unsafe { core::slice::from_raw_parts(words.as_ptr().cast(), words.len()) }
}

/// The same words as signed numbers.
#[inline]
pub(crate) fn as_i64s(words: &[u64]) -> &[i64] {
    // SAFETY: see the top of the file.
    unsafe { core::slice::from_raw_parts(words.as_ptr().cast(), words.len()) }
}

/// The same words as bytes.
#[inline]
pub(crate) fn as_bytes(words: &[u64]) -> &[u8] {
    // SAFETY: see the top of the file.
    unsafe { core::slice::from_raw_parts(words.as_ptr().cast(), words.len() * 8) }
}

/// A pointer in the low half and a length in the high half, as they travel in one word.
#[inline]
pub fn span(bytes: &[u8]) -> i64 {
    let address = bytes.as_ptr() as usize as u64 & 0xffff_ffff;
    ((bytes.len() as u64) << 32 | address) as i64
}

#[cfg(target_arch = "wasm32")]
pub(crate) mod guest {
    use core::arch::wasm32::{memory_grow, memory_size, unreachable};
    use core::cell::UnsafeCell;
    use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use crate::json::Writer;

    const PAGE: usize = 65_536;

    /// The reserved buffer: where it starts and how many bytes it has.
    static START: AtomicUsize = AtomicUsize::new(0);
    static CAPACITY: AtomicUsize = AtomicUsize::new(0);

    /// A buffer of whole pages that the host may fill. A larger one grows in place, unless the
    /// module has an allocator of its own that took the pages behind it: then the old one is left.
    #[unsafe(no_mangle)]
    pub extern "C" fn skysieve_reserve(len: i32) -> i32 {
        let wanted = (len as u32 as usize).div_ceil(PAGE).max(1);
        let (start, have) = (START.load(Relaxed), CAPACITY.load(Relaxed) / PAGE);
        if wanted <= have {
            return start as i32;
        }
        let end_of_memory = memory_size(0) * PAGE;
        let in_place = have > 0 && start + have * PAGE == end_of_memory;
        let more = if in_place { wanted - have } else { wanted };
        if memory_grow(0, more) == usize::MAX {
            return 0;
        }
        if !in_place {
            START.store(end_of_memory, Relaxed);
        }
        CAPACITY.store(wanted * PAGE, Relaxed);
        START.load(Relaxed) as i32
    }

    /// Nothing is allocated for an alert, so there is nothing to free.
    #[unsafe(no_mangle)]
    pub extern "C" fn skysieve_reset() {}

    /// The words of the record at `address`.
    ///
    /// Traps where the record is not inside the reserved buffer.
    #[inline]
    pub(crate) fn record(address: u32) -> &'static mut [u64] {
        let (start, capacity) = (START.load(Relaxed), CAPACITY.load(Relaxed));
        let offset = (address as usize).wrapping_sub(start);
        if address % 8 != 0 || offset >= capacity || capacity - offset < 16 {
            unreachable();
        }
        let first = address as usize as *mut u64;
        // SAFETY: two words are inside the buffer; see the top of the file.
        let bytes = unsafe { first.add(1).read() };
        if bytes > (capacity - offset) as u64 {
            unreachable();
        }
        // SAFETY: so are all the words of the record, since the buffer is whole pages.
        unsafe { core::slice::from_raw_parts_mut(first, (bytes as usize).div_ceil(8)) }
    }

    /// Where a delivery is written: its largest size.
    const OUTPUT: usize = PAGE;

    struct Output(UnsafeCell<[u8; OUTPUT]>);

    // SAFETY: there is one thread; see the top of the file.
    unsafe impl Sync for Output {}

    static OUTPUT_BYTES: Output = Output(UnsafeCell::new([0; OUTPUT]));

    pub(crate) fn output() -> &'static mut [u8] {
        // SAFETY: see the top of the file.
        unsafe { &mut *OUTPUT_BYTES.0.get() }
    }

    #[link(wasm_import_module = "skysieve_1")]
    unsafe extern "C" {
        #[link_name = "log"]
        safe fn host_log(level: i32, ptr: i32, len: i32);
    }

    pub(crate) fn log(level: i32, text: &[u8]) {
        host_log(level, text.as_ptr() as usize as i32, text.len() as i32);
    }

    /// Says where it happened and traps; the host counts a fault against this alert. The panic's
    /// own message is left out: formatting it would make up most of a small module.
    #[panic_handler]
    fn panicked(info: &core::panic::PanicInfo<'_>) -> ! {
        if let Some(place) = info.location() {
            let mut bytes = [0; 256];
            let mut line = Writer::new(&mut bytes);
            line.raw("panicked at ");
            line.raw(place.file());
            line.raw(":");
            decimal(place.line(), &mut line);
            let len = line.len().min(256);
            log(0, &bytes[..len]);
        }
        unreachable()
    }

    /// Without `core::fmt`, which would be most of a small module.
    fn decimal(number: u32, out: &mut Writer<'_>) {
        if number >= 10 {
            decimal(number / 10, out);
        }
        out.byte(b'0' + (number % 10) as u8);
    }
}
