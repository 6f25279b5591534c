internal import CLinux
internal import Glibc
public import System

extension NetworkNamespace {
    /// The directories of namespaces without processes: those of `ip netns` and of Docker.
    private static let directories = ["/run/netns", "/run/docker/netns"]

    /// Calls `body` in each other network namespace of the host that can be found and entered, once for each, until
    /// `body` returns `false`; then moves the calling thread back.
    ///
    /// - Parameter body: returns whether to continue with the next namespace.
    /// - Throws: the error of moving back.
    public static func visitOthers(_ body: () -> Bool) throws(KernelError) {
        let attempt = "returning to the original network namespace"
        let home: File
        do throws(SystemError) { home = try File("/proc/thread-self/ns/net", O_RDONLY) } catch {
            throw KernelError(.io, attempt, code: error.code)
        }
        var seen = Set([FileIdentity(home)])
        var wantsMore = true
        for path in files where wantsMore {
            guard let file = try? File(path, O_RDONLY), seen.insert(FileIdentity(file)).inserted,
                shim_setns(file.descriptor, shim_clone_newnet) == 0
            else { continue }
            wantsMore = body()
        }
        guard shim_setns(home.descriptor, shim_clone_newnet) == 0 else { throw KernelError(.io, attempt, code: errno) }
    }

    /// Calls `body` in the network namespace of process 1, where the kernel shows sysctls that other namespaces lack; in that of
    /// the calling thread if the other one cannot be entered.
    ///
    /// - Returns: the result of `body`.
    /// - Throws: the error of `body`, or that of moving back.
    public static func inHost<Result>(
        _ body: () throws(KernelError) -> Result
    ) throws(KernelError) -> Result {
        guard let home = try? File("/proc/thread-self/ns/net", O_RDONLY),
            let host = try? File("/proc/1/ns/net", O_RDONLY), shim_setns(host.descriptor, shim_clone_newnet) == 0
        else { return try body() }
        let result: Swift.Result<Result, KernelError>
        do throws(KernelError) { result = .success(try body()) } catch { result = .failure(error) }
        guard shim_setns(home.descriptor, shim_clone_newnet) == 0 else {
            throw KernelError(.io, "returning to the original network namespace", code: errno)
        }
        return try result.get()
    }

    /// The paths of namespace files; many of them are of the same namespace.
    private static var files: [String] {
        directories.flatMap { directory in HostTree.names(directory).map { "\(directory)/\($0)" } }
            + HostTree.names("/proc").filter { $0.allSatisfy(\.isNumber) }.map { "/proc/\($0)/ns/net" }
    }
}
