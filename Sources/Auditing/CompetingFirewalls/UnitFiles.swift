/// The systemd files of a host that matter in a search for competing firewalls.
public struct UnitFiles: Sendable {
    /// Reads the names in a directory; none if the directory does not exist.
    public var names: @Sendable (_ directory: String) -> [String]
    /// Reads a file; `nil` if that fails.
    public var text: @Sendable (_ path: String) -> String?

    /// Creates the files from these accesses.
    public init(
        names: @escaping @Sendable (_ directory: String) -> [String],
        text: @escaping @Sendable (_ path: String) -> String?
    ) {
        self.names = names
        self.text = text
    }

    /// No files: a host without systemd, or a network namespace other than the host's.
    public static let none = UnitFiles(names: { _ in [] }, text: { _ in nil })

    /// The unit directories in order of precedence: `man 5 systemd.unit`, "Unit File Load Path".
    private static let directories = [
        "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
        "/lib/systemd/system",
    ]

    /// The directory in which systemd keeps an entry for each active unit: `unit_export_invocation_id` of its
    /// `src/core/unit.c`.
    private static let (activeUnits, activeMark) = ("/run/systemd/units", "invocation:")

    /// The services that are active, or wanted or required by another unit, sorted by name.
    var services: [ServiceUnit] {
        let active = names(Self.activeUnits).filter { $0.hasPrefix(Self.activeMark) }.map {
            String($0.dropFirst(Self.activeMark.count))
        }
        let enabled = enabledNames
        return enabled.union(active).filter { $0.hasSuffix(".service") }.sorted().compactMap {
            service($0, isEnabled: enabled.contains($0))
        }
    }

    /// Whether another unit wants or requires the unit; `nil` on a host without units.
    public func isEnabled(_ unit: String) -> Bool? {
        Self.directories.allSatisfy { names($0).isEmpty } ? nil : enabledNames.contains(unit)
    }

    private var enabledNames: Set<String> {
        let wanted = Self.directories.flatMap { directory in
            names(directory).filter { $0.hasSuffix(".wants") || $0.hasSuffix(".requires") }.flatMap {
                names("\(directory)/\($0)")
            }
        }
        return Set(wanted)
    }

    /// The unit with its drop-ins; `nil` if it does not exist or is masked.
    private func service(_ name: String, isEnabled: Bool) -> ServiceUnit? {
        // An instance uses the file of its template.
        let template = name.firstIndex(of: "@").map { "\(name[...$0]).service" }
        for file in [name, template].compactMap(\.self) {
            for directory in Self.directories {
                guard let text = text("\(directory)/\(file)") else { continue }
                return text.isEmpty ? nil : ServiceUnit(name: name, isEnabled: isEnabled, texts: [text] + dropIns(file))
            }
        }
        return nil
    }

    private func dropIns(_ name: String) -> [String] {
        var paths: [String: String] = [:]
        for directory in Self.directories.reversed() {
            for file in names("\(directory)/\(name).d") where file.hasSuffix(".conf") {
                paths[file] = "\(directory)/\(name).d/\(file)"
            }
        }
        return paths.sorted { $0.key < $1.key }.compactMap { text($0.value) }
    }
}

/// The commands of a service.
struct ServiceUnit {
    /// The unit's name.
    let name: String
    /// Whether another unit wants or requires it; otherwise it is active only.
    let isEnabled: Bool
    /// The commands by their key, such as `ExecStop`.
    private(set) var commands: [(key: String, line: String)] = []

    /// Reads a unit file and its drop-ins: `man 5 systemd.syntax`.
    init(name: String, isEnabled: Bool, texts: [String]) {
        self.name = name
        self.isEnabled = isEnabled
        for text in texts { read(text.replacing("\\\n", with: " ")) }
    }

    private mutating func read(_ text: String) {
        for line in text.split(separator: "\n").map(\.trimmed) where line.hasPrefix("Exec") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            let key = line[..<equals].trimmed
            let value = line[line.index(after: equals)...].trimmed
            // An empty assignment resets the list.
            if value.isEmpty { commands.removeAll { $0.key == key } } else { commands.append((key, value)) }
        }
    }
}

extension StringProtocol {
    /// The text without leading and trailing blanks.
    var trimmed: String {
        var rest = self[...]
        while rest.first?.isWhitespace == true { rest = rest.dropFirst() }
        while rest.last?.isWhitespace == true { rest = rest.dropLast() }
        return String(rest)
    }
}
