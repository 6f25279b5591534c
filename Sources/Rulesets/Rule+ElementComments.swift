public import Addressing

extension Rule {
    /// The comments of elements for a port, in the sets and maps that the rule looks up.
    ///
    /// A key has a port, and perhaps a protocol; its other fields, such as a source, may have any value.
    ///
    /// - Parameters:
    ///   - transport: the protocol.
    ///   - port: the port.
    ///   - table: the table of the rule.
    /// - Returns: the comments in the order of the elements; none of sets whose keys have no port.
    public func elementComments(for transport: TransportProtocol, _ port: UInt16, in table: Table) -> [String] {
        expressions.flatMap { expression -> [String] in
            guard case .lookup(let lookup) = expression else { return [] }
            let (definition, elements) =
                switch lookup.set {
                case .anonymous(let set): (Optional(set.definition), Optional(set.elements))
                case .named(let name): (table.set(name)?.definition, table.set(name)?.elements)
                }
            guard let definition, case .list(let list)? = elements,
                let fields = DataType.fields(of: definition.keyType), fields.contains(.port)
            else { return [] }
            return list.filter { !$0.userdata.isEmpty && $0.isFor(transport, port, fields) }
                .compactMap { Userdata.comment(of: $0.userdata) }
        }
    }
}

extension SetElement {
    /// Whether its key, of these fields, has the port and, if it has one, the protocol.
    fileprivate func isFor(_ transport: TransportProtocol, _ port: UInt16, _ fields: [DataType]) -> Bool {
        guard key.count == upper?.count ?? key.count, !key.isEmpty else { return false }
        let (lower, upper) = (Self.split(key, fields), Self.split(upper ?? key, fields))
        return zip(lower, upper).allSatisfy { lower, upper in
            let wanted: UInt64
            switch lower.0 {
            case .port: wanted = UInt64(port)
            case .transportProtocol: wanted = UInt64(transport.rawValue)
            default: return true
            }
            let (first, last) = (UInt64(bigEndianBytes: lower.1), UInt64(bigEndianBytes: upper.1))
            return first <= wanted && wanted <= last
        }
    }
}
