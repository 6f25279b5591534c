internal import CMnl
internal import System

/// One message of a netlink reply: `struct nlmsghdr` of `linux/netlink.h` and its payload.
struct NetlinkMessage {
    /// `NLMSG_…`, or for nfnetlink the subsystem in the upper byte and the message in the lower one.
    let type: UInt16
    /// `NLM_F_…` of `linux/netlink.h`.
    let flags: UInt16
    /// The sequence number of the request.
    let sequence: UInt32
    /// The bytes after the header.
    let payload: ArraySlice<UInt8>

    /// The length of `struct nfgenmsg`.
    private static let familyHeaderLength = 4

    /// The whole message, as if it were sent to no one.
    var bytes: [UInt8] {
        let header = nlmsghdr(
            nlmsg_len: UInt32(MemoryLayout<nlmsghdr>.size + payload.count), nlmsg_type: type, nlmsg_flags: flags,
            nlmsg_seq: sequence, nlmsg_pid: 0)
        return unsafe withUnsafeBytes(of: header) { unsafe Array($0) } + payload
    }

    /// `struct nfgenmsg.nfgen_family`: the family of the table.
    var family: UInt8 { payload.first ?? 0 }

    /// `struct nfgenmsg.res_id`: the low 16 bits of the ruleset's generation when the message was made.
    var resource: UInt16? { payload.dropFirst(2).prefix(2).bigEndian() }

    /// The attributes after `struct nfgenmsg`; `nil` if an attribute's length is invalid.
    var attributes: Attributes? { Attributes(attributeBytes) }

    /// The bytes of the attributes, not parsed.
    var attributeBytes: ArraySlice<UInt8> { payload.dropFirst(Self.familyHeaderLength) }

    /// Splits a datagram into its messages and drops messages to other sockets.
    ///
    /// - Parameters:
    ///   - buffer: the receive buffer; the datagram is its first `length` bytes.
    ///   - length: the number of bytes received.
    ///   - portID: the address of this socket.
    /// - Returns: the messages, in order.
    static func split(_ buffer: [UInt8], length: Int, portID: UInt32) -> [NetlinkMessage] {
        let bytes = buffer.span.extracting(first: length)
        var messages: [NetlinkMessage] = []
        var start = 0
        while let header = nlmsghdr(bytes, at: start) {
            let end = start + Int(header.nlmsg_len)
            guard header.nlmsg_len >= MemoryLayout<nlmsghdr>.size, end <= length else { break }
            if header.nlmsg_pid == portID || header.nlmsg_pid == 0 || portID == 0 {
                messages.append(
                    NetlinkMessage(
                        type: header.nlmsg_type, flags: header.nlmsg_flags, sequence: header.nlmsg_seq,
                        payload: buffer[(start + MemoryLayout<nlmsghdr>.size)..<end]))
            }
            // NLMSG_ALIGN of `linux/netlink.h`.
            start = (end + 3) & ~3
        }
        return messages
    }

    /// The error code of `NLMSG_ERROR` or `NLMSG_DONE`, 0 for an acknowledgement; `nil` for other messages.
    var status: SystemError? {
        guard type == UInt16(NLMSG_ERROR) || type == UInt16(NLMSG_DONE) else { return nil }
        let code = payload.prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        // The least number has no opposite, which a damaged message may have for a code.
        return SystemError(code: 0 &- Int32(bitPattern: UInt32(littleEndian: code)), text: extendedText)
    }

    /// `NLMSGERR_ATTR_MSG`, after the echoed header of the request (`NETLINK_CAP_ACK`).
    private var extendedText: String? {
        guard type == UInt16(NLMSG_ERROR), flags & UInt16(NLM_F_ACK_TLVS) != 0 else { return nil }
        let echoed = payload.dropFirst(MemoryLayout<Int32>.size)
        guard flags & UInt16(NLM_F_CAPPED) != 0 else { return nil }
        let text = Attributes(echoed.dropFirst(MemoryLayout<nlmsghdr>.size))?.string(NLMSGERR_ATTR_MSG)
        return text.map { $0.prefix(1).lowercased() + $0.dropFirst() }
    }
}
