internal import Addressing
internal import Reachability

/// The addresses of a host that has none yet.
///
/// A host whose addresses come later, by DHCP or after boot, or a namespace into which a file was loaded, may have none beside loopback. Rules
/// about other addresses would then decide on every packet that is compared.
extension Circumstances {
    /// An address for each family in which the host has only loopback and link-local addresses.
    var assumedAddresses: [IPAddress] {
        guard let own = addresses else { return [] }
        let others = own.subtracting(.loopback).subtracting(.linkLocal)
        return AddressFamily.allCases.filter { others.part($0).isEmpty }.compactMap {
            IPAddress.documentation($0, outside: own)
        }
    }

    /// The circumstances with these addresses.
    var withAssumedAddresses: Self {
        var circumstances = self
        for address in assumedAddresses {
            circumstances.addresses = circumstances.addresses?.union(AddressSet(address))
        }
        return circumstances
    }
}

extension IPAddress {
    /// An address for documentation that is none of a host's: RFC 5737, RFC 3849; `nil` if the host has all of them.
    static func documentation(_ family: AddressFamily, outside own: AddressSet?) -> IPAddress? {
        let blocks =
            family == .ipv4
            ? AddressSet(ipv4: IntervalSet([0xcb00_7101...0xcb00_71fe]))
            : AddressSet(ipv6: IntervalSet([(0x2001_0db8 << 96) + 1...(0x2001_0db9 << 96) - 1]))
        return blocks.subtracting(own ?? AddressSet()).witness.flatMap { IPAddress($0) }
    }

    /// What an assumed address stands for.
    var assumption: String {
        "The host had no \(family.title) address beside loopback: \(family.title) is compared for an assumed one, \(self)."
    }
}
