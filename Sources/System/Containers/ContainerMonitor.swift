internal import Listeners

/// conmon, which podman and CRI-O start beside each container: it holds the ports that podman publishes, conmon(8).
enum ContainerMonitor {
    private static let program = "conmon"
    /// The options with the id and the name of the container.
    private static let (id, name) = (["-c", "--cid"], ["-n", "--name"])

    /// Whether an executable is a monitor.
    static func isMonitor(_ executable: String) -> Bool {
        executable.utf8.split(separator: UInt8(ascii: "/")).last?.elementsEqual(program.utf8) == true
    }

    /// The container that the process with this directory in `/proc` monitors; `nil` if its command line names none.
    static func container(_ directory: String) -> Container? {
        let words = ProcFile.text("\(directory)/cmdline")?.split(separator: "\0").map(String.init) ?? []
        func value(_ options: [String]) -> String? {
            zip(words, words.dropFirst()).first { options.contains($0.0) }?.1
        }
        guard let id = value(id), Container.isID(id) else { return nil }
        return Container(id: id, name: value(name))
    }
}
