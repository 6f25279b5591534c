internal import Addressing
public import Listeners
internal import Synchronization

/// The files in which container engines keep the names of their containers; read once, when a name is needed.
///
/// A file that is missing, unreadable, too large or of another form lists no container.
public final class ContainerFiles: Sendable {
    private let root: String
    private let known = Mutex<ContainerList?>(nil)

    /// The files below a directory; `root` is empty for those of this host.
    public init(root: String = "") { self.root = root }

    /// The containers of all engines.
    public var list: ContainerList {
        known.withLock { known in
            if let known { return known }
            var list = ContainerList()
            addDocker(to: &list)
            addStorage(to: &list)
            known = list
            return list
        }
    }

    /// The most containers of an engine that are read.
    private static let most = 10_000
    /// The sizes in bytes above which the file of one container, and one file for all, are not read.
    private static let (largest, largestList) = (1 << 20, 1 << 24)

    /// The most characters of a name.
    private static let longestName = 128

    private static let (dockerSettings, dockerData) = ("/etc/docker/daemon.json", "/var/lib/docker")
    private static let storage = "/var/lib/containers/storage"
    private static let networks = "/var/lib/cni/networks"

    /// Docker has a directory for each container.
    private func addDocker(to list: inout ContainerList) {
        let data = json(Self.dockerSettings, Self.largest)?["data-root"]?.text ?? Self.dockerData
        let directory = "\(data)/containers"
        for id in HostTree.names(root + directory).lazy.filter(Container.isID).prefix(Self.most) {
            guard let config = json("\(directory)/\(id)/config.v2.json", Self.largest) else { continue }
            // Docker keeps names with a slash before them.
            let name = Self.name(config["Name"]?.text?.drop { $0 == "/" })
            let isRunning = config["State"]?["Running"] == .bool(true)
            list.add(
                Container(id: id, name: name, engine: "docker"), at: isRunning ? Self.dockerAddresses(config) : [])
        }
    }

    private static func dockerAddresses(_ config: JSONValue) -> [IPAddress] {
        let networks = config["NetworkSettings"]?["Networks"]?.elements ?? []
        return networks.flatMap { network in
            ["IPAddress", "GlobalIPv6Address"].compactMap { network[$0]?.text.flatMap(IPAddress.init(written:)) }
        }
    }

    /// podman and CRI-O have one file for each storage driver, without addresses.
    private func addStorage(to list: inout ContainerList) {
        let addresses = reservations()
        for folder in HostTree.names(root + Self.storage) where folder.hasSuffix("-containers") {
            let all = json("\(Self.storage)/\(folder)/containers.json", Self.largestList)?.elements ?? []
            for entry in all.prefix(Self.most) {
                guard let id = entry["id"]?.text, Container.isID(id) else { continue }
                let name = Self.name(entry["names"]?.elements.first?.text?[...])
                let engine = name?.hasPrefix("k8s_") == true ? "cri-o" : "podman"
                list.add(Container(id: id, name: name, engine: engine), at: addresses[id] ?? [])
            }
        }
    }

    /// The addresses that CNI's plugin `host-local` has given to containers: a file for each, which begins with the id.
    private func reservations() -> [String: [IPAddress]] {
        var addresses: [String: [IPAddress]] = [:]
        for network in HostTree.names(root + Self.networks) {
            for name in HostTree.names("\(root)\(Self.networks)/\(network)").prefix(Self.most) {
                guard let address = IPAddress(written: name),
                    let text = HostTree.plainText("\(root)\(Self.networks)/\(network)/\(name)", upTo: Self.largest),
                    let id = text.split(whereSeparator: \.isWhitespace).first, Container.isID(id)
                else { continue }
                addresses[String(id), default: []].append(address)
            }
        }
        return addresses
    }

    /// A name, cut to a length that fits a line.
    private static func name(_ text: Substring?) -> String? {
        guard let text, !text.isEmpty else { return nil }
        return String(text.prefix(longestName))
    }

    private func json(_ path: String, _ largest: Int) -> JSONValue? {
        HostTree.plainText(root + path, upTo: largest).flatMap(JSONValue.init)
    }
}

extension IPAddress {
    /// The address in a text; `nil` if it is none.
    fileprivate init?(written text: String) {
        guard let range = try? AddressRange(text) else { return nil }
        self.init(range)
    }
}
