internal import CLinux
internal import Glibc

/// Memory that this process shares with a `FilterProgram`: the number of keys that were seen, then the expected keys.
@safe final class FilterMemory {
    /// The offset of the keys, in bytes.
    static let keysOffset = 8

    /// The descriptor by which a program names the memory.
    let descriptor: Int32
    private let length: Int
    private let start: UnsafeMutableRawPointer

    /// Memory for keys of this many bytes in all; `nil` if the kernel gives none.
    init?(keyBytes: Int) {
        length = Self.keysOffset + keyBytes
        descriptor = shim_bpf_memory(UInt32(length))
        guard descriptor >= 0 else { return nil }
        let mapped = unsafe mmap(nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
            close(descriptor)
            return nil
        }
        unsafe start = mapped
    }

    deinit {
        unsafe munmap(start, length)
        close(descriptor)
    }

    /// Expects these keys next, in this order; they must fit.
    func expect<Key: IntervalKey>(_ elements: ArraySlice<TreeElement<Key>>) {
        precondition(elements.count * MemoryLayout<Key>.size <= length - Self.keysOffset, "the expected keys fit")
        var offset = Self.keysOffset
        for element in elements {
            unsafe start.storeBytes(of: element.key.bigEndian, toByteOffset: offset, as: Key.self)
            offset += MemoryLayout<Key>.size
        }
        unsafe start.storeBytes(of: 0, as: UInt64.self)
    }

    /// The number of expected keys that were seen, in their order and without another message between them.
    var seen: Int { Int(unsafe start.load(as: UInt64.self)) }
}
