internal import Addressing
internal import CLinux
internal import CMnl
internal import Glibc

/// Compares the replies to look-ups in the kernel, before they are put into the socket's buffer, and drops all of them.
///
/// Half of the time of a look-up is the way of its reply to this process. So a BPF program compares each reply with the
/// first one byte for byte, but for the sequence number, the recipient, and the key, which must be the next expected one. Only
/// if so it counts: a reply that never came, came out of order, or differs in any byte leaves the count too low.
final class ReplyFilter {
    /// The most keys that are expected at a time.
    static let capacity = 1024
    /// `struct nlmsghdr`: the offsets of what differs between replies, and the length.
    private static let (sequenceOffset, recipientOffset, headerLength) = (8, 12, MemoryLayout<nlmsghdr>.size)

    /// The expected keys, and how many of them were seen.
    let memory: FilterMemory
    /// The descriptor of the program.
    let program: Int32

    /// A filter for replies like this one, to a look-up of `element`; `nil` if the kernel permits none.
    init?<Key: IntervalKey>(like reply: NetlinkMessage, to element: TreeElement<Key>) {
        let bytes = reply.bytes
        let keyLength = MemoryLayout<Key>.size
        // `FilterProgram` is encoded for little-endian machines.
        guard UInt16(1).littleEndian == 1, let offset = reply.keyOffset.map({ $0 + Self.headerLength }),
            bytes.count.isMultiple(of: 4), bytes.count <= FilterProgram.stackLength,
            let memory = FilterMemory(keyBytes: Self.capacity * keyLength)
        else { return nil }
        self.memory = memory
        program = Self.program(bytes, offset, keyLength, memory.descriptor).load()
        guard program >= 0 else { return nil }
    }

    deinit { close(program) }

    private static func program(_ reply: [UInt8], _ keyOffset: Int, _ keyLength: Int, _ memory: Int32) -> FilterProgram
    {
        var program = FilterProgram()
        program.move(.message, .first)
        // `struct __sk_buff` starts with the length.
        program.load(.four, .first, .message, offset: 0)
        program.require(.first, is: UInt32(reply.count))
        // The stack grows downwards from its address.
        let copy = -((reply.count + 7) & ~7)
        program.move(.first, .message)
        program.set(.second, 0)
        program.move(.third, .stack)
        program.add(.third, copy)
        program.set(.fourth, reply.count)
        program.call(BPF_FUNC_skb_load_bytes)
        program.require(.result, is: 0)
        let key = keyOffset..<(keyOffset + keyLength)
        for offset in stride(from: 0, to: reply.count, by: 4)
        where offset != sequenceOffset && offset != recipientOffset && !key.contains(offset) {
            program.load(.four, .first, .stack, offset: copy + offset)
            program.require(.first, is: UInt32(littleEndian: reply.span.number(at: offset)))
        }
        program.countKey(at: copy + keyOffset, keyLength, memory)
        return program
    }
}

extension FilterProgram {
    /// Counts the key at this place of the stack if it is the next expected one.
    fileprivate mutating func countKey(at offset: Int, _ length: Int, _ descriptor: Int32) {
        load(.memory, memory: descriptor)
        load(.eight, .position, .memory, offset: 0)
        require(.position, isBelow: ReplyFilter.capacity)
        move(.spare, .position)
        multiply(.spare, length)
        add(.spare, .memory)
        for part in stride(from: 0, to: length, by: 4) {
            load(.four, .first, .stack, offset: offset + part)
            load(.four, .second, .spare, offset: FilterMemory.keysOffset + part)
            require(.first, is: .second)
        }
        add(.position, 1)
        store(.eight, .position, .memory, offset: 0)
    }
}
