/// The names of this host.
public enum HostNames {
    /// The name that the kernel knows, its part before the first dot, and the names that `/etc/hosts` lists beside either.
    ///
    /// DNS is not asked: a policy must be applied without it. `nil` if the kernel's name cannot be read.
    public static func ofThisHost() -> [String]? {
        guard let name = HostCalls.hostName else { return nil }
        let hosts = (try? OutputFile.read("/etc/hosts")) ?? nil
        return names(of: name, hosts: hosts ?? "")
    }

    /// The names of a host, with the contents of its hosts(5).
    static func names(of name: String, hosts: String) -> [String] {
        var names = [name]
        let short = String(name.prefix { $0 != "." })
        for other in [short] + aliases(of: [name, short], in: hosts)
        where !other.isEmpty && !names.contains(other) { names.append(other) }
        return names
    }

    private static func aliases(of names: [String], in hosts: String) -> [String] {
        let known = Set(names.map { $0.lowercased() })
        return hosts.split(whereSeparator: \.isNewline).flatMap { line -> [String] in
            let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).dropFirst().map(String.init)
            guard words.contains(where: { known.contains($0.lowercased()) }) else { return [] }
            return words.filter { !isGeneral($0.lowercased()) }
        }
    }

    /// Whether every host has this name for itself.
    private static func isGeneral(_ name: String) -> Bool {
        name.hasPrefix("localhost") || name.hasPrefix("ip6-") || name.hasSuffix(".localdomain")
    }
}
