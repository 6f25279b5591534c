public import Addressing
public import System

/// The addresses of a host.
public enum HostAddresses {
    /// The addresses of all interfaces of the calling thread's network namespace.
    public static func all() throws(KernelError) -> Set<IPAddress> {
        do throws(SystemError) { return Set(try InterfaceAddress.all().map(\.address)) } catch {
            throw KernelError(.io, "listing the addresses", code: error.code)
        }
    }
}
