from django.urls import path

from tests.lending import views

urlpatterns = [path("utlan", views.desk, name="loans")]
