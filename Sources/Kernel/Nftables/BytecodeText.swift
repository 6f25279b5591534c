internal import CMnl
internal import CNftnl
public import Rulesets

extension Rule {
    /// The rule's bytecode as `nft --debug=netlink` prints it, one expression per line.
    ///
    /// libnftnl prints the same bytes that are sent to the kernel; it leaves out attributes that it does not know.
    ///
    /// - Parameters:
    ///   - table: the table; its family is printed.
    ///   - chain: the chain's name, which is printed.
    /// - Returns: the text; `nil` if libnftnl does not know one of the expressions.
    public func bytecodeText(in table: TableName, chain: String) -> String? {
        var references = SetReferences()
        var writer = MessageWriter()
        writer.message(NFT_MSG_NEWRULE, family: table.family.rawValue, flags: 0, sequence: 0) { attributes in
            attributes.name(NFTA_RULE_TABLE, table.name)
            attributes.name(NFTA_RULE_CHAIN, chain)
            encode(into: &attributes, &references)
        }
        return Self.text(of: Array(writer.bytes))
    }

    private static func text(of message: [UInt8]) -> String? {
        guard let rule = unsafe nftnl_rule_alloc() else { return nil }
        defer { unsafe nftnl_rule_free(rule) }
        let isRead = unsafe message.withUnsafeBytes { raw in
            guard let start = raw.baseAddress else { return false }
            return unsafe nftnl_rule_nlmsg_parse(start.assumingMemoryBound(to: nlmsghdr.self), rule) == 0
        }
        guard isRead else { return nil }
        let length = unsafe nftnl_rule_snprintf(nil, 0, rule, NFTNL_OUTPUT_DEFAULT.rawValue, 0)
        guard length > 0 else { return nil }
        return unsafe String(unsafeUninitializedCapacity: Int(length) + 1) { buffer in
            unsafe buffer.withMemoryRebound(to: CChar.self) { characters in
                let written = unsafe nftnl_rule_snprintf(
                    characters.baseAddress, characters.count, rule, NFTNL_OUTPUT_DEFAULT.rawValue, 0)
                return min(max(Int(written), 0), Int(length))
            }
        }
    }
}
