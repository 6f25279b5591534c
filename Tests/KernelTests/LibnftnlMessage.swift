import CMnl
import CNftnl

/// An nf_tables message as libnftnl reads it: a second opinion on what portreeve writes.
struct LibnftnlMessage {
    /// What libnftnl prints for it.
    let text: String
    /// The message that libnftnl writes for the same.
    let rebuilt: [UInt8]

    /// Reads a message with its header; `nil` when libnftnl refuses it or knows no object for its kind.
    init?(_ message: [UInt8]) {
        switch UInt32(message[4]) {
        case NFT_MSG_NEWTABLE.rawValue, NFT_MSG_DELTABLE.rawValue:
            guard let table = unsafe nftnl_table_alloc() else { return nil }
            defer { unsafe nftnl_table_free(table) }
            guard unsafe Self.parse(message, { unsafe nftnl_table_nlmsg_parse($0, table) }) else { return nil }
            text = unsafe Self.text { unsafe nftnl_table_snprintf($0, $1, table, NFTNL_OUTPUT_DEFAULT.rawValue, 0) }
            rebuilt = unsafe Self.message(like: message) { unsafe nftnl_table_nlmsg_build_payload($0, table) }
        case NFT_MSG_NEWCHAIN.rawValue, NFT_MSG_DELCHAIN.rawValue:
            guard let chain = unsafe nftnl_chain_alloc() else { return nil }
            defer { unsafe nftnl_chain_free(chain) }
            guard unsafe Self.parse(message, { unsafe nftnl_chain_nlmsg_parse($0, chain) }) else { return nil }
            text = unsafe Self.text { unsafe nftnl_chain_snprintf($0, $1, chain, NFTNL_OUTPUT_DEFAULT.rawValue, 0) }
            rebuilt = unsafe Self.message(like: message) { unsafe nftnl_chain_nlmsg_build_payload($0, chain) }
        case NFT_MSG_NEWRULE.rawValue, NFT_MSG_DELRULE.rawValue:
            guard let rule = unsafe nftnl_rule_alloc() else { return nil }
            defer { unsafe nftnl_rule_free(rule) }
            guard unsafe Self.parse(message, { unsafe nftnl_rule_nlmsg_parse($0, rule) }) else { return nil }
            text = unsafe Self.text { unsafe nftnl_rule_snprintf($0, $1, rule, NFTNL_OUTPUT_DEFAULT.rawValue, 0) }
            rebuilt = unsafe Self.message(like: message) { unsafe nftnl_rule_nlmsg_build_payload($0, rule) }
        case NFT_MSG_NEWSET.rawValue, NFT_MSG_DELSET.rawValue:
            guard let set = unsafe nftnl_set_alloc() else { return nil }
            defer { unsafe nftnl_set_free(set) }
            guard unsafe Self.parse(message, { unsafe nftnl_set_nlmsg_parse($0, set) }) else { return nil }
            text = unsafe Self.text { unsafe nftnl_set_snprintf($0, $1, set, NFTNL_OUTPUT_DEFAULT.rawValue, 0) }
            rebuilt = unsafe Self.message(like: message) { unsafe nftnl_set_nlmsg_build_payload($0, set) }
        case NFT_MSG_NEWSETELEM.rawValue, NFT_MSG_DELSETELEM.rawValue:
            guard let set = unsafe nftnl_set_alloc() else { return nil }
            defer { unsafe nftnl_set_free(set) }
            guard unsafe Self.parse(message, { unsafe nftnl_set_elems_nlmsg_parse($0, set) }) else { return nil }
            text = unsafe Self.text { unsafe nftnl_set_snprintf($0, $1, set, NFTNL_OUTPUT_DEFAULT.rawValue, 0) }
            rebuilt = unsafe Self.message(like: message) { unsafe nftnl_set_elems_nlmsg_build_payload($0, set) }
        default: return nil
        }
    }

    private static func parse(_ message: [UInt8], _ body: (UnsafePointer<nlmsghdr>) -> Int32) -> Bool {
        unsafe message.withUnsafeBytes { raw in
            guard let start = raw.baseAddress else { return false }
            return unsafe body(start.assumingMemoryBound(to: nlmsghdr.self)) == 0
        }
    }

    private static func text(_ body: (UnsafeMutablePointer<CChar>?, Int) -> Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 1 << 20)
        let length = unsafe buffer.withUnsafeMutableBufferPointer { unsafe Int(body($0.baseAddress, $0.count)) }
        return String(decoding: buffer.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// A message of the same kind and family.
    private static func message(like message: [UInt8], _ body: (UnsafeMutablePointer<nlmsghdr>) -> Void) -> [UInt8] {
        var buffer = [CChar](repeating: 0, count: 1 << 20)
        let length = unsafe buffer.withUnsafeMutableBufferPointer { characters in
            let header = unsafe nftnl_nlmsg_build_hdr(
                characters.baseAddress, UInt16(message[4]), UInt16(message[16]), 0, 0)
            guard let header = unsafe header else { return 0 }
            unsafe body(header)
            return unsafe Int(header.pointee.nlmsg_len)
        }
        return buffer.prefix(length).map(UInt8.init(bitPattern:))
    }
}
