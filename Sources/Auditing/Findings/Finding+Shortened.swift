public import Addressing
internal import Listeners

extension Finding {
    /// Whether a service lacks a listener of a family that this host does not speak: it has no address of it, not even one of
    /// loopback, as where IPv6 is off.
    ///
    /// - Parameter addresses: the addresses of this host; `nil` if they are not known.
    /// - Returns: `true` for a `wrong-family` of such a family.
    public func isOfUnspokenFamily(among addresses: AddressSet?) -> Bool {
        guard identifier == .wrongFamily, let addresses, !addresses.isEmpty else { return false }
        return AddressFamily.allCases.contains { $0.title == details.aspect && addresses.intersection([$0]).isEmpty }
    }

    /// The same finding, in which a process that was told of before has its number alone.
    public func shortened(knowing told: Set<Int32>) -> Finding {
        guard let process, told.contains(process.pid) else { return self }
        var finding = self
        finding.message = message.replacing(process.text, with: "\(process.name) (pid \(process.pid))")
        return finding
    }
}
