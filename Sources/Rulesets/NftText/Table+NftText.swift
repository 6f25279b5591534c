extension Table {
    /// The table as text from which `nft -f` makes the same table; parts that are not modelled are in brackets.
    public var nftText: String {
        var text = "table \(name) {\n"
        let flagNames = [(1, "dormant"), (2, "owner"), (4, "persist")].filter { flags & $0.0 != 0 }.map(\.1)
        if !flagNames.isEmpty { text += "\tflags \(flagNames.joined(separator: ","))\n" }
        if let comment = Userdata.comment(of: userdata) { text += "\tcomment \(quoted(comment))\n" }
        if !text.hasSuffix("{\n") { text += "\n" }
        for set in sets { set.write(to: &text) }
        for object in objects { text += "\t[\(object.kind) \(object.name)]\n\n" }
        for chain in chainsInReadingOrder { chain.write(to: &text) }
        if text.hasSuffix("\n\n") { text.removeLast() }
        return text + "}\n"
    }
}

extension Chain {
    fileprivate func write(to text: inout String) {
        text += "\tchain \(name) {\n"
        if let comment = Userdata.comment(of: userdata) { text += "\t\tcomment \(quoted(comment))\n" }
        if let base { text += "\t\t\(base)\n" }
        for rule in rules { text += "\t\t\(rule)\n" }
        text += "\t}\n\n"
    }
}

extension BaseChain: CustomStringConvertible {
    /// The priority in nft's notation, relative to `filter` (`NF_IP_PRI_FILTER`, 0), or to `dstnat` where it is near.
    private var priorityText: String {
        let (destinationNat, reach): (Int32, Int32) = (-100, 10)  // NF_IP_PRI_NAT_DST
        if hook == .postrouting, priority == 100 { return "srcnat" }  // NF_IP_PRI_NAT_SRC
        if hook == .prerouting, priority >= destinationNat - reach, priority <= destinationNat + reach {
            let rest = priority - destinationNat
            return rest == 0 ? "dstnat" : "dstnat \(rest < 0 ? "-" : "+") \(rest.magnitude)"
        }
        return priority == 0 ? "filter" : "filter \(priority < 0 ? "-" : "+") \(priority.magnitude)"
    }

    /// The first line of a base chain in nft's notation.
    public var description: String {
        let device = devices.map { " device \(quoted($0))" }.joined()
        return "type \(type) hook \(hook)\(device) priority \(priorityText); policy \(policy);"
    }
}

extension NamedSet {
    fileprivate func write(to text: inout String) {
        text += "\t\(definition.flags.contains(.map) ? "map" : "set") \(name) {\n"
        text += "\t\ttype \(definition.typeText)\n"
        if definition.policy == 1 { text += "\t\tpolicy memory\n" }  // NFT_SET_POL_MEMORY
        if let size = definition.size { text += "\t\tsize \(size)\n" }
        let flags = definition.flags.names
        if !flags.isEmpty { text += "\t\tflags \(flags.joined(separator: ","))\n" }
        if let timeout = definition.timeout { text += "\t\ttimeout \(timeText(milliseconds: timeout))\n" }
        if let interval = definition.gcInterval {
            text += "\t\tgc-interval \(timeText(milliseconds: UInt64(interval)))\n"
        }
        if !definition.expressions.isEmpty {
            let texts = definition.expressions.map { RuleText.text(of: $0, definition.notes) }
            text += "\t\t\(texts.joined(separator: " "))\n"
        }
        if let comment = Userdata.setComment(of: definition.userdata) { text += "\t\tcomment \(quoted(comment))\n" }
        let elements = elements.texts(of: definition)
        if !elements.isEmpty {
            text += "\t\telements = {\n"
            for element in elements.dropLast() { text += "\t\t\t\(element),\n" }
            text += "\t\t\t\(elements[elements.count - 1])\n\t\t}\n"
        }
        text += "\t}\n\n"
    }
}

extension SetDefinition {
    /// The data types after `type` in nft's notation.
    fileprivate var typeText: String {
        let key = DataType.fields(of: keyType)?.map(\.name).joined(separator: " . ") ?? "[type \(keyType)]"
        guard let dataType else { return key }
        if dataType == Self.verdictType { return "\(key) : verdict" }
        return "\(key) : \(DataType.fields(of: dataType)?.map(\.name).joined(separator: " . ") ?? "[type \(dataType)]")"
    }
}

extension SetDefinition.Flags {
    /// The names of the flags that nft prints after `flags`.
    public var names: [String] {
        let named: [(Self, String)] = [
            (.constant, "constant"), (.interval, "interval"), (.dynamic, "dynamic"), (.timeout, "timeout"),
        ]
        return named.filter { contains($0.0) }.map(\.1)
    }
}
