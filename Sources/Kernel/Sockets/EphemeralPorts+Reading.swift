internal import Addressing
internal import Glibc
public import Listeners
public import System

extension EphemeralPorts {
    /// The sysctls of ip-sysctl.rst; both apply to IPv6 as well.
    private static let rangePath = "/proc/sys/net/ipv4/ip_local_port_range"
    private static let reservedPath = "/proc/sys/net/ipv4/ip_local_reserved_ports"

    /// The ephemeral ports of the network namespace of the calling thread.
    public static func ofThisNamespace() throws(KernelError) -> EphemeralPorts {
        let ends = try text(of: rangePath).split(whereSeparator: \.isWhitespace).compactMap { UInt16($0) }
        guard ends.count == 2, ends[0] <= ends[1] else {
            throw KernelError(.io, "reading \(rangePath)", answer: "not two port numbers")
        }
        let reserved = try text(of: reservedPath).split { $0 == "," || $0.isWhitespace }.compactMap(portRange)
        return EphemeralPorts(range: ends[0]...ends[1], reserved: IntervalSet(reserved))
    }

    /// Parses `80` or `8000-8100`.
    private static func portRange(_ text: Substring) -> ClosedRange<UInt16>? {
        let ends = text.split(separator: "-").compactMap { UInt16($0) }
        guard let first = ends.first, let last = ends.last, first <= last else { return nil }
        return first...last
    }

    private static func text(of path: String) throws(KernelError) -> String {
        do throws(SystemError) { return try ProcFile.read(path) } catch {
            throw KernelError(
                .io, "reading \(path)", code: error.code, advice: error.code == ENOENT ? "mount /proc" : nil)
        }
    }
}
