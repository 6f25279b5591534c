extension Rule {
    /// The rule with each test of both ports for equality as two tests.
    ///
    /// nft merges the tests of adjacent fields: `udp sport 67 udp dport 68` is one load of 4 bytes, which nft itself lists as `@th,0,32`.
    var withSeparatePorts: Rule {
        var separate = self
        separate.expressions = []
        var index = expressions.startIndex
        while index < expressions.endIndex {
            let following = expressions.dropFirst(index + 1).first
            if case .payload(let payload) = expressions[index], payload.isOfBothPorts,
                case .compare(let comparison)? = following,
                comparison.operator == .equal, comparison.source == payload.destination, comparison.value.count == 4
            {
                separate.expressions += [0, 2].flatMap { offset -> [Expression] in
                    let part = Payload(
                        base: .transport, offset: UInt32(offset), length: 2, into: payload.destination)
                    let value = Array(comparison.value[offset..<offset + 2])
                    return [.payload(part), .compare(Comparison(.equal, value, source: payload.destination))]
                }
                index += 2
            } else {
                separate.expressions.append(expressions[index])
                index += 1
            }
        }
        return separate
    }
}

extension Payload {
    /// Whether it loads the source port and the destination port.
    var isOfBothPorts: Bool { base == .transport && offset == 0 && length == 4 }
}
