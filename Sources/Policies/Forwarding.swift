public import Addressing

/// Where the connections to the ports of a forward go.
public struct Forwarding: Hashable, Sendable {
    /// How a client is assigned to one of several targets.
    public enum Balance: String, Hashable, Sendable, CaseIterable {
        /// By the address of the client, which keeps its target as long as the policy lists the same ones.
        case source
        /// By turns.
        case roundRobin = "round-robin"
    }

    /// The location of the targets.
    public var location: SourceLocation
    /// The targets in the order of the policy: at least one, no two the same, all on this host or none.
    public var targets: [ForwardTarget]
    /// How a client is assigned to one of several targets.
    public var balance: Balance
    /// The networks that targets and clients share, which need this host's address on the way back; `nil` for none.
    public var hairpin: SourceList?

    /// Forwarding of these parts.
    public init(
        location: SourceLocation, targets: [ForwardTarget], balance: Balance = .source, hairpin: SourceList? = nil
    ) {
        self.location = location
        self.targets = targets
        self.balance = balance
        self.hairpin = hairpin
    }

    /// The most targets of a forward.
    public static let maximumTargets = 256

    /// Whether the targets are ports of this host.
    public var isLocal: Bool { targets.allSatisfy(\.isLocal) }

    /// The targets for clients of the family.
    public func targets(_ family: AddressFamily) -> [ForwardTarget] {
        targets.filter { $0.address.map { $0.family == family } ?? true }
    }

    /// The families for which there is a target.
    public var families: Set<AddressFamily> {
        Set(AddressFamily.allCases.filter { !targets($0).isEmpty })
    }
}

/// A place to which a forward leads: an address, a port, or both.
public struct ForwardTarget: Hashable, Sendable {
    /// The address; `nil` for the address of this host that the client dialled.
    public var address: IPAddress?
    /// The port in host byte order; `nil` for the port that the client dialled.
    public var port: UInt16?
    /// The location in the policy.
    public var location: SourceLocation

    /// A target of these parts.
    public init(address: IPAddress?, port: UInt16?, location: SourceLocation) {
        self.address = address
        self.port = port
        self.location = location
    }

    /// Whether it is another port of this host.
    public var isLocal: Bool { address == nil }
}

extension ForwardTarget: CustomStringConvertible {
    /// The target as a policy writes it: `10.0.0.9`, `10.0.0.9:8443`, `[2001:db8::9]:8443`, `:8080`.
    public var description: String {
        guard let port else { return address.map { "\($0)" } ?? "" }
        switch address {
        case .ipv6?: return "[\(address.map { "\($0)" } ?? "")]:\(port)"
        default: return "\(address.map { "\($0)" } ?? ""):\(port)"
        }
    }
}

extension Service {
    /// The section of a policy in which a service stands.
    public enum Section: String, Hashable, Sendable {
        /// A program of this host answers.
        case services
        /// The connections lead elsewhere.
        case forward

        /// What a sentence calls an entry of the section.
        public var kind: String {
            switch self {
            case .services: "service"
            case .forward: "forward"
            }
        }
    }

    /// Its section.
    public var section: Section { forwarding == nil ? .services : .forward }

    /// What a sentence calls it: `service`, or `forward`.
    public var kind: String { section.kind }

    /// Its kind and name for a message.
    var title: String { "\(kind) \(Printable.quoted(name))" }
}

extension AddressSet {
    /// The families of its addresses.
    var families: Set<AddressFamily> {
        Set((ipv4.isEmpty ? [] : [.ipv4]) + (ipv6.isEmpty ? [] : [AddressFamily.ipv6]))
    }
}
