public import Addressing
internal import Listeners

extension Finding {
    /// Whether a service lacks a listener of a family in which this host has no address that another host can dial.
    ///
    /// - Parameter addresses: the addresses of this host; `nil` if they are not known.
    /// - Returns: `true` for a `wrong-family` of such a family.
    public func isOfUnspokenFamily(among addresses: AddressSet?) -> Bool {
        guard identifier == .wrongFamily, let addresses else { return false }
        // RFC 4291 2.5.6: every interface has a link-local address, which no policy is about.
        let linkLocal: ClosedRange<UInt128> = (0xfe80 << 112)...((0xfec0 << 112) - 1)
        let local = AddressSet(ipv4: [0x7f00_0000...0x7fff_ffff], ipv6: [1...1, linkLocal])
        let dialled = addresses.subtracting(local)
        // A host without any such address is a test, or not on a network yet.
        guard !dialled.isEmpty else { return false }
        return AddressFamily.allCases.contains { $0.title == details.aspect && dialled.intersection([$0]).isEmpty }
    }

    /// The same finding, in which a process that was told of before has its number alone.
    public func shortened(knowing told: Set<Int32>) -> Finding {
        guard let process, told.contains(process.pid) else { return self }
        var finding = self
        finding.message = message.replacing(process.text, with: "\(process.name) (pid \(process.pid))")
        return finding
    }
}
