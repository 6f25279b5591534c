internal import Addressing
internal import Listeners
internal import Printing

extension Finding {
    /// What makes two findings the same: neither message nor severity, process id, witness or time.
    ///
    /// A container has another address, and its chains other names, after each start, so that neither the rule nor the chain
    /// by which another table publishes a port is in the identity.
    public var identity: String {
        let hidesPlace = details.hasChosenPort
        let parts =
            [
                identifier.rawValue, hidesPlace ? nil : port?.text, hidesPlace ? nil : localAddress, service,
                process?.executable ?? process?.name, table, identifier == .undeclaredPublishedPort ? nil : chain, set,
                details.element, details.rule, details.interface, details.source, details.unit, details.aspect,
            ] + (details.isOutbound ? ["out"] : [])
        return parts.map { ($0 ?? "").escapedPart }.joined(separator: "|")
    }

    /// The address of the listener; that of a session is its client's, which is the aspect.
    private var localAddress: String? {
        identifier == .staleSession ? nil : port?.address?.description
    }
}

extension String {
    /// The text without the characters that end a part, a field or a line.
    fileprivate var escapedPart: String {
        guard unicodeScalars.contains(where: Self.isReserved) else { return self }
        return unicodeScalars.map { Self.isReserved($0) ? "%\(String($0.value, radix: 16));" : String($0) }.joined()
    }

    private static func isReserved(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "|" || scalar == "%" || scalar.isControl
    }
}
