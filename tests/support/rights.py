"""Rights in Kafka, taken and given back while everything runs."""

from confluent_kafka.admin import AclBinding, AclBindingFilter, AdminClient

WITHIN_S = 30


def take_right(admin: AdminClient, acl: AclBinding) -> None:
    """Remove exactly this right."""
    resource = (acl.restype, acl.name, acl.resource_pattern_type)
    exactly = AclBindingFilter(*resource, acl.principal, acl.host, acl.operation, acl.permission_type)
    for done in admin.delete_acls([exactly]).values():
        done.result(WITHIN_S)


def give_right(admin: AdminClient, acl: AclBinding) -> None:
    """Give it back."""
    for done in admin.create_acls([acl]).values():
        done.result(WITHIN_S)
