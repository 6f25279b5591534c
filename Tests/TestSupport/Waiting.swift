import Glibc

/// Waits at most ten seconds until a condition holds; returns whether it does.
public func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
    for _ in 0..<400 {
        if try condition() { return true }
        usleep(25_000)
    }
    return false
}
