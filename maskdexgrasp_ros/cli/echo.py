"""The other process of the transport check: answers every picture with its checksum."""

import zlib

import rclpy
from rclpy.executors import ExternalShutdownException

from maskdexgrasp_ros.interfaces import GraspCommand, Image
from maskdexgrasp_ros.qos import RELIABLE

PING = 'doctor/ping'
PONG = 'doctor/pong'


def checksum(data: bytes) -> str:
    """Return a checksum of `data` as text."""
    return f'{zlib.crc32(data):08x}'


def main() -> None:
    """Answer until the process is ended."""
    rclpy.init(args=[])
    node = rclpy.create_node('doctor_echo')
    publisher = node.create_publisher(GraspCommand, PONG, RELIABLE)

    def answer(message: Image) -> None:
        reply = GraspCommand(
            command_id=message.header.frame_id, text=checksum(bytes(message.data))
        )
        publisher.publish(reply)

    node.create_subscription(Image, PING, answer, RELIABLE)
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


if __name__ == '__main__':
    main()
