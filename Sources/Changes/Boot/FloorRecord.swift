internal import Compiler
internal import Kernel
internal import Rulesets
internal import System

/// The floor for a boot that cannot use the state directory: saved outside of it when a change is confirmed.
///
/// It shows, too, that a change was confirmed on this host: without it, and without a saved change, a boot loads nothing.
struct FloorRecord {
    /// The TCP ports on which SSH servers listened.
    let ports: [UInt16]

    private static let name = "floor"
    private static let documentKind = "floor"
    private static let (portsField, messagesField) = ("ports", "messages")

    /// Whether the directory has a record, readable or not.
    static func exists(in directory: String) -> Bool { StateFiles.exists("\(directory)/\(name)") }

    /// Reads the record of a directory; `nil` if there is none that can be used.
    init?(in directory: String) {
        guard Self.exists(in: directory), let bytes = try? StateFiles(directory: directory).read(Self.name),
            let document = try? StateDocument(bytes, kind: Self.documentKind),
            let ports = document.text(Self.portsField)
        else { return nil }
        self.ports = ports.split(separator: " ").compactMap { UInt16($0) }
    }

    /// A record of these ports.
    init(ports: [UInt16]) { self.ports = ports }

    /// Saves the record, unless the directory has the same one.
    func write(in directory: String) throws(KernelError) {
        let files = try StateFiles(directory: directory)
        var document = StateDocument(kind: Self.documentKind)
        document.append(Self.portsField, ports.map { "\($0)" }.joined(separator: " "))
        let table = compile(Floor.policy(opening: ports)).table
        document.append(
            Self.messagesField, Transaction(from: nil, to: table, named: Names.table).messagesWithoutGeneration)
        guard try files.read(Self.name) != document.bytes else { return }
        try files.write(Self.name, document)
    }

    /// Removes the record.
    static func remove(from directory: String) throws(KernelError) {
        guard exists(in: directory) else { return }
        try StateFiles(directory: directory).remove(name)
    }
}

extension RulesetState {
    /// Saves the floor of a host with this confirmed table; a host without a table needs none.
    func recordFloor(for table: Table?) {
        guard let directory = host.floorDirectory(files.directory) else { return }
        do throws(KernelError) {
            guard table != nil else { return try FloorRecord.remove(from: directory) }
            // While no SSH server runs, the ports of the last record are the best that is known.
            let found = host.sshPorts()
            let ports = found.isEmpty ? FloorRecord(in: directory)?.ports ?? Floor.defaultPorts : found
            try FloorRecord(ports: ports).write(in: directory)
        } catch {
            host.warn("cannot save the floor, which a boot without a usable state loads: \(error)")
        }
    }
}
