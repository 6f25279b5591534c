internal import CLinux
internal import Glibc
public import System

extension NetworkNamespace {
    /// Where namespaces without processes are kept: by `ip netns`, and by Docker.
    private static let directories = ["/run/netns", "/run/docker/netns"]

    /// Runs `body` with the calling thread in each other network namespace of the host that can be found and entered,
    /// once for each, until `body` says that it has seen enough; then the thread is where it was.
    ///
    /// - Parameter body: what is done there; whether it wants to go on.
    /// - Throws: what kept the thread from coming back.
    public static func visitOthers(_ body: () -> Bool) throws(KernelError) {
        let attempt = "going back to the network namespace"
        let home = unsafe open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        guard home >= 0 else { throw KernelError(.io, attempt, code: errno) }
        defer { close(home) }
        var seen = Set([NamespaceInode(descriptor: home)])
        var wantsMore = true
        for path in files where wantsMore {
            let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            guard seen.insert(NamespaceInode(descriptor: descriptor)).inserted,
                shim_setns(descriptor, shim_clone_newnet) == 0
            else {
                continue
            }
            wantsMore = body()
        }
        guard shim_setns(home, shim_clone_newnet) == 0 else { throw KernelError(.io, attempt, code: errno) }
    }

    /// The files that stand for namespaces, most of them for the same.
    private static var files: [String] {
        directories.flatMap { directory in HostTree.names(directory).map { "\(directory)/\($0)" } }
            + HostTree.names("/proc").filter { $0.allSatisfy(\.isNumber) }.map { "/proc/\($0)/ns/net" }
    }
}
