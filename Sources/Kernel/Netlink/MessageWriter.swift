internal import CMnl
internal import CNftnl

/// Appends whole nf_tables messages to one flat buffer.
struct MessageWriter {
    /// The messages written.
    private(set) var attributes = AttributeWriter()

    /// The length of `struct nlmsghdr` and `struct nfgenmsg` together, in bytes.
    private static let headerLength = 20
    /// The offsets of `nlmsg_len` and `nlmsg_flags` in `struct nlmsghdr`.
    private static let (lengthOffset, flagsOffset) = (0, 6)

    /// The bytes of all messages.
    var bytes: ArraySlice<UInt8> { attributes.written }

    /// Appends a message with the attributes that `body` writes.
    mutating func message(
        _ type: nf_tables_msg_types, family: UInt8, flags: Int32, sequence: UInt32,
        _ body: (inout AttributeWriter) -> Void
    ) {
        unsafe message(body) {
            unsafe nftnl_nlmsg_build_hdr($0, UInt16(type.rawValue), UInt16(family), UInt16(flags), sequence)
        }
    }

    /// Appends the begin of a batch; the kernel answers `ERESTART` unless `generation` is the current one.
    ///
    /// It requests no acknowledgement: kernels before 6.10 acknowledge neither the begin nor the end.
    mutating func batchBegin(generation: UInt32, sequence: UInt32) {
        unsafe message({ $0.u32(NFNL_BATCH_GENID, generation) }, header: { unsafe nftnl_batch_begin($0, sequence) })
    }

    /// Sets `NLM_F_ACK` in the message that starts at `offset` and has these flags.
    mutating func requestAcknowledgement(ofMessageAt offset: Int, flags: Int32) {
        attributes.overwrite(at: offset + Self.flagsOffset, UInt16(NLM_F_REQUEST | flags | NLM_F_ACK))
    }

    /// Appends the end of a batch; without it the kernel validates the batch and changes nothing.
    mutating func batchEnd(sequence: UInt32) {
        unsafe message({ _ in }, header: { unsafe nftnl_batch_end($0, sequence) })
    }

    /// Reserves room for this many more bytes.
    mutating func reserve(_ count: Int) { attributes.reserve(count) }

    private mutating func message(
        _ body: (inout AttributeWriter) -> Void,
        header: (UnsafeMutablePointer<CChar>) -> UnsafeMutablePointer<nlmsghdr>?
    ) {
        let start = attributes.count
        unsafe append(header)
        body(&attributes)
        attributes.overwrite(at: start + Self.lengthOffset, UInt32(attributes.count - start))
    }

    private mutating func append(_ build: (UnsafeMutablePointer<CChar>) -> UnsafeMutablePointer<nlmsghdr>?) {
        unsafe withUnsafeTemporaryAllocation(
            byteCount: Self.headerLength, alignment: MemoryLayout<nlmsghdr>.alignment
        ) { raw in
            guard let start = raw.baseAddress else { return }
            _ = unsafe build(start.assumingMemoryBound(to: CChar.self))
            unsafe attributes.append(raw: UnsafeRawBufferPointer(raw))
        }
    }
}
