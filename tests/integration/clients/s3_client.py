"""boto3 as a guest has it, without a key: what a bucket is used for, and how it fails. Reached through http_proxy."""

import io

import boto3
import botocore
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

client = boto3.client(
    "s3",
    endpoint_url="http://s3.sallyport.internal",
    region_name="us-east-1",
    aws_access_key_id="none",
    aws_secret_access_key="none",
    config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
)


def fails(code, call, **arguments):
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == code, error.response
        return
    raise AssertionError(f"no {code}")


assert [b["Name"] for b in client.list_buckets()["Buckets"]] == ["data", "public"]
put = client.put_object(Bucket="data", Key="a b/ü&.txt", Body=b"hello", ContentType="text/plain", Metadata={"who": "me"})
got = client.get_object(Bucket="data", Key="a b/ü&.txt")
assert got["Body"].read() == b"hello" and got["ETag"] == put["ETag"] and got["Metadata"] == {"who": "me"}, got
assert got["ContentType"] == "text/plain"
assert client.get_object(Bucket="data", Key="a b/ü&.txt", Range="bytes=1-3")["Body"].read() == b"ell"
fails("InvalidRange", client.get_object, Bucket="data", Key="a b/ü&.txt", Range="bytes=9-")
fails("304", client.get_object, Bucket="data", Key="a b/ü&.txt", IfNoneMatch=put["ETag"])
fails("PreconditionFailed", client.get_object, Bucket="data", Key="a b/ü&.txt", IfMatch='"0"')
fails("NoSuchKey", client.get_object, Bucket="data", Key="none")
fails("404", client.head_object, Bucket="data", Key="none")
fails("NoSuchBucket", client.list_objects_v2, Bucket="secret")
fails("AccessDenied", client.put_object, Bucket="public", Key="x", Body=b"x")
fails("BadDigest", client.put_object, Bucket="data", Key="bad", Body=b"x", ContentMD5="1B2M2Y8AsgTpgAmY7PhCfg==")

for i in range(25):
    client.put_object(Bucket="data", Key=f"many/{i:03}", Body=str(i).encode())
pages = client.get_paginator("list_objects_v2").paginate(Bucket="data", Prefix="many/", PaginationConfig={"PageSize": 7})
assert [o["Key"] for page in pages for o in page["Contents"]] == [f"many/{i:03}" for i in range(25)]
old = client.list_objects(Bucket="data", Delimiter="/")
assert [p["Prefix"] for p in old["CommonPrefixes"]] == ["a b/", "many/"], old

big = bytes(range(256)) * 50000  # 12.8 MB, in three parts
client.upload_fileobj(io.BytesIO(big), "data", "big", Config=TransferConfig(multipart_threshold=6 << 20, multipart_chunksize=5 << 20))
assert client.head_object(Bucket="data", Key="big")["ETag"].endswith('-3"')
whole = io.BytesIO()
client.download_fileobj("data", "big", whole)
assert whole.getvalue() == big
client.copy_object(Bucket="data", Key="copy", CopySource={"Bucket": "data", "Key": "big"})
assert client.get_object(Bucket="data", Key="copy", Range="bytes=-256")["Body"].read() == bytes(range(256))
upload = client.create_multipart_upload(Bucket="data", Key="half")["UploadId"]
client.upload_part(Bucket="data", Key="half", UploadId=upload, PartNumber=1, Body=b"x" * 100)
assert [p["Size"] for p in client.list_parts(Bucket="data", Key="half", UploadId=upload)["Parts"]] == [100]
assert [u["UploadId"] for u in client.list_multipart_uploads(Bucket="data")["Uploads"]] == [upload]
client.upload_part_copy(Bucket="data", Key="half", UploadId=upload, PartNumber=2, CopySource="data/big", CopySourceRange="bytes=0-99")
client.abort_multipart_upload(Bucket="data", Key="half", UploadId=upload)
fails("NoSuchUpload", client.list_parts, Bucket="data", Key="half", UploadId=upload)

keys = [{"Key": o["Key"]} for o in client.list_objects_v2(Bucket="data")["Contents"]]
deleted = client.delete_objects(Bucket="data", Delete={"Objects": keys})
assert len(deleted["Deleted"]) == len(keys) == 28, len(keys)
assert client.list_objects_v2(Bucket="data")["KeyCount"] == 0
print("ok")
