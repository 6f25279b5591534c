public import Addressing

/// A container of this host.
public struct Container: Hashable, Sendable {
    /// The id, 64 hexadecimal digits; with LXC the name.
    public var id: String
    /// The name that the engine gave it; `nil` if it is not known.
    public var name: String?
    /// The engine, such as `docker` or `podman`; `nil` if it is not known.
    public var engine: String?

    /// A container of these parts.
    public init(id: String, name: String? = nil, engine: String? = nil) {
        self.id = id
        self.name = name
        self.engine = engine
    }

    /// The length of the ids of Docker, podman, containerd and CRI-O, and of the short ids that they print.
    private static let (idLength, shortLength) = (64, 12)

    /// Whether a text has the form of an id.
    public static func isID(_ text: some StringProtocol) -> Bool {
        text.utf8.count == idLength && text.utf8.allSatisfy(\.isLowerHexDigit)
    }

    /// The id as engines print it: the first twelve digits.
    public var shortID: String { Self.isID(id) ? String(id.prefix(Self.shortLength)) : id }

    /// The container in words: `container web`, or `container 9f86d081884c` without a known name.
    public var text: String { "container \(name ?? shortID)" }
}

/// The containers that engines list in their files.
public struct ContainerList: Sendable {
    private var names: [String: Container] = [:]
    private var places: [IPAddress: Container] = [:]
    /// Addresses of several containers, by which none of them can be named.
    private var shared: Set<IPAddress> = []

    /// No containers.
    public init() {}

    /// Adds a container with the addresses that it has now.
    public mutating func add(_ container: Container, at addresses: [IPAddress] = []) {
        names[container.id] = container
        for address in addresses where !address.isUnspecified {
            if let other = places[address], other.id != container.id { shared.insert(address) }
            places[address] = container
        }
    }

    /// The containers without their addresses, for another network namespace, where other containers may have these.
    public var withoutAddresses: ContainerList {
        var copy = self
        copy.places = [:]
        return copy
    }

    /// The container with its name, if its engine lists it.
    public func named(_ container: Container) -> Container {
        guard var known = names[container.id] else { return container }
        known.engine = container.engine ?? known.engine
        return known
    }

    /// The container that has an address; `nil` if none is known.
    public func container(at address: IPAddress) -> Container? {
        shared.contains(address) ? nil : places[address]
    }
}

extension Listener {
    /// The listener with the names of the containers of its processes; the list is only read if there is one.
    public func naming(_ list: () -> ContainerList) -> Listener {
        guard case .processes(let processes) = owners, processes.contains(where: { $0.container != nil }) else {
            return self
        }
        var copy = self
        copy.owners = .processes(processes.map { $0.naming(list) })
        return copy
    }

    /// The containers of its processes, each once.
    public var containers: [Container] {
        guard case .processes(let processes) = owners else { return [] }
        return processes.compactMap(\.container).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}

extension SocketProcess {
    /// The process with the name of its container.
    fileprivate func naming(_ list: () -> ContainerList) -> SocketProcess {
        var copy = self
        copy.container = container.map { list().named($0) }
        return copy
    }
}

extension UInt8 {
    fileprivate var isLowerHexDigit: Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= self || UInt8(ascii: "a")...UInt8(ascii: "f") ~= self
    }
}
